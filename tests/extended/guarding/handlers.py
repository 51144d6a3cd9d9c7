"""What the operations of this folder do. Their table is ``kit.ROOMS``."""

from typing import Any

from sqlalchemy import column, text

from domain.errors import ApiError
from domain.users import Principal
from domain.versions import moved_on
from persistence.repositories import Repositories

Json = dict[str, Any]
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


async def read_room(room_id: int, db: Repositories) -> Json:
    found = await _row(db, "SELECT * FROM sample_rooms WHERE id = :id", id=room_id)
    if found is None:
        raise ApiError("samples.no_room")
    return found


async def rename_room(room_id: int, body: Json, expected_version: int, db: Repositories) -> Json:
    if body["name"] == "Taken":
        raise ApiError("samples.name_taken")
    return await _changed(db, RENAMED, room_id, expected_version, name=body["name"])


async def remove_room(room_id: int, expected_version: int, db: Repositories) -> None:
    await _changed(db, REMOVED, room_id, expected_version)


async def staff(principal: Principal) -> Json:
    return {"permissions": sorted(principal.permissions)}


async def reports(principal: Principal) -> Json:
    return {"permissions": sorted(principal.permissions)}


async def suspend(principal: Principal, db: Repositories) -> None:
    await db.audit.record("admin.samples.suspend", actor=principal.user_id)


async def _changed(db: Repositories, statement: str, room_id: int, version: int, **values: Any) -> Json:
    changed = await _row(db, statement, id=room_id, version=version, **values)
    if changed is None:
        raise moved_on((await read_room(room_id, db))["version"])
    return changed


async def _row(db: Repositories, statement: str, **values: Any) -> Json | None:
    """The one place in which these handlers speak SQL."""
    asked: Any = text(statement).bindparams(**values).columns(*map(column, ("id", "name", "version")))
    found: Any = await db.connection.row(asked)
    return None if found is None else found._asdict()
