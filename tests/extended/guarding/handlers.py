"""What the operations of this folder do. Their table is ``kit.ROOMS``."""

import hmac
from contextlib import suppress
from typing import Any
from uuid import uuid4

from psycopg import IntegrityError
from sqlalchemy import column, text

from domain.errors import ApiError, moved_on
from domain.topics import PasswordChanged
from domain.users import Principal
from persistence.engine.uow import UnitOfWork
from persistence.repositories import Repositories

Json = dict[str, Any]
LATE, BROKEN = "Late room", "Broken room"  # at the commit, or before
KEY = b"the key of the vendor"
RENAMED = (
    "UPDATE sample_rooms SET name = :name, version = version + 1 WHERE id = :id AND version = :version RETURNING *"
)
REMOVED = "DELETE FROM sample_rooms WHERE id = :id AND version = :version RETURNING *"


async def switched() -> None:
    """Nothing: whether it is reached is what the tests ask."""


async def enabled() -> None:
    """As ``switched``."""


async def make_room(body: Json, db: Repositories) -> Json:
    made = await _row(db, "INSERT INTO sample_rooms (name) VALUES (:name) RETURNING *", name=body["name"])
    assert made is not None
    return made


async def read_room(room_id: str, db: Repositories) -> Json:
    found = await _row(db, "SELECT * FROM sample_rooms WHERE id = :id", id=int(room_id))
    if found is None:
        raise ApiError("samples.no_room")
    return found


async def rename_room(room_id: str, body: Json, expected_version: int, db: Repositories) -> Json:
    if body["name"] == "Taken":
        raise ApiError("samples.name_taken")
    return await _changed(db, RENAMED, room_id, expected_version, name=body["name"])


async def remove_room(room_id: str, expected_version: int, db: Repositories) -> None:
    await _changed(db, REMOVED, room_id, expected_version)


async def staff(principal: Principal) -> Json:
    return {"permissions": sorted(principal.permissions)}


async def reports(principal: Principal) -> Json:
    return {"permissions": sorted(principal.permissions)}


async def suspend(principal: Principal, db: Repositories) -> None:
    await db.audit.record("admin.samples.suspend", actor=principal.user_id)


async def rehearse(body: Json, uow: UnitOfWork) -> Json:
    async with uow() as db:
        await db.audit.record("samples.rehearse", target=body["name"])
        made = await make_room(body, db)
        if body["way"] == "commits":  # which no handler should, and none may get away with
            await db.connection.commit()
    if body["way"] == "caught":
        with suppress(IntegrityError):
            async with uow() as db:
                await _row(db, "INSERT INTO sample_rooms (name) VALUES (NULL) RETURNING *")
    async with uow.last() as db:
        await db.outbox.add(PasswordChanged(user=uuid4(), when="now", device="none"))
        await db.audit.record("samples.rehearse", target=str(made["id"]))
        if body["way"] == "refused":
            raise ApiError("samples.name_taken")
        if body["name"] == LATE:
            await _row(db, "INSERT INTO sample_beds (room_id) VALUES (-1) RETURNING *")
        if body["name"] == BROKEN:
            raise RuntimeError("broken")
        return await _changed(db, RENAMED, str(made["id"]), 0, name=made["name"])


async def form(body: Json, uow: UnitOfWork) -> Json:
    async with uow.last():
        return body


async def webhook(body: bytes, x_signature: str, uow: UnitOfWork) -> Json:
    if not hmac.compare_digest(hmac.digest(KEY, body, "sha256").hex(), x_signature):
        raise ApiError("samples.signature_invalid")
    async with uow.last():
        return {"bytes": len(body)}


async def _changed(db: Repositories, statement: str, room_id: str, version: int, **values: Any) -> Json:
    changed = await _row(db, statement, id=int(room_id), version=version, **values)
    if changed is None:
        raise moved_on((await read_room(room_id, db))["version"])
    return changed


async def _row(db: Repositories, statement: str, **values: Any) -> Json | None:
    """The one place in which these handlers speak SQL."""
    asked: Any = text(statement).bindparams(**values).columns(*map(column, ("id", "name", "version")))
    found: Any = await db.connection.row(asked)
    return None if found is None else found._asdict()
