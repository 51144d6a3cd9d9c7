"""What staff changes while the system runs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin import not_found
from domain.admin.config import (
    change_view,
    end_of,
    entry_view,
    require_lets_in,
    require_may_change,
    wished,
)
from domain.config.changes import DEFAULT, Author, Wish, restorable
from domain.errors import ApiError

if TYPE_CHECKING:
    from domain.config.changes import Written
    from domain.wire import admin as wire
    from handlers.needs import Client, Clock, Config, ConfigDesk, Principal, Repositories, UnitOfWork, Walk


async def list(  # noqa: A001
    desk: ConfigDesk,
    db: Repositories,
    walk: Walk,
    clock: Clock,
    prefix: str | None = None,
    q: str | None = None,
    changed: bool | None = None,
) -> wire.ConfigEntries:
    last = walk.after(str)
    entries = [entry for entry in await desk.entries(db, clock()) if entry.matches(prefix, q, changed)]
    rows = [entry for entry in entries if last is None or entry.key > last[0]][: walk.rows]
    shown, further = walk.page(rows, lambda entry: (entry.key,))
    return {"items": [entry_view(entry) for entry in shown], "nextCursor": further}


async def change(
    body: wire.ChangeConfigRequest,
    principal: Principal,
    client: Client,
    uow: UnitOfWork,
    desk: ConfigDesk,
    config: Config,
    clock: Clock,
) -> wire.ChangedConfigEntries:
    now, reason = clock(), body["reason"]
    wishes = wished(body, now)
    async with uow() as db:
        for wish in wishes:
            require_may_change(await desk.entry(db, wish.name, now), principal, now, config)
        for written in await desk.change(db, wishes, Author(principal.user_id, reason), now):
            require_lets_in(written.name, written.after, client)
            await _record(db, "admin.config.change", written, principal, reason)
        entries = [await desk.entry(db, wish.name, now) for wish in wishes]
    await desk.refresh()
    return {"items": [entry_view(entry) for entry in entries]}


async def get(key: str, desk: ConfigDesk, db: Repositories, clock: Clock) -> wire.ConfigEntry:
    return entry_view(await desk.entry(db, key, clock()))


async def set(  # noqa: A001
    key: str,
    body: wire.SetConfigRequest,
    expected_version: int,
    principal: Principal,
    client: Client,
    uow: UnitOfWork,
    desk: ConfigDesk,
    config: Config,
    clock: Clock,
) -> wire.ConfigEntry:
    now = clock()
    async with uow() as db:
        require_may_change(await desk.entry(db, key, now), principal, now, config)
        wish = Wish(key, body["value"], expected_version, end_of(key, body.get("until"), now))
        (written,) = await desk.change(db, [wish], Author(principal.user_id, body["reason"]), now)
        require_lets_in(key, written.after, client)
        await _record(db, "admin.config.set", written, principal, body["reason"])
        entry = await desk.entry(db, key, now)
    await desk.refresh()
    return entry_view(entry)


async def reset(
    key: str,
    body: wire.ResetConfigRequest,
    expected_version: int,
    principal: Principal,
    uow: UnitOfWork,
    desk: ConfigDesk,
    config: Config,
    clock: Clock,
) -> wire.ConfigEntry:
    now = clock()
    async with uow() as db:
        require_may_change(await desk.entry(db, key, now), principal, now, config)
        author = Author(principal.user_id, body["reason"])
        (written,) = await desk.change(db, [Wish(key, DEFAULT, expected_version)], author, now)
        await _record(db, "admin.config.reset", written, principal, body["reason"])
        entry = await desk.entry(db, key, now)
    await desk.refresh()
    return entry_view(entry)


async def history(key: str, desk: ConfigDesk, db: Repositories, walk: Walk, clock: Clock) -> wire.ConfigHistory:
    entry = await desk.entry(db, key, clock())
    rows = await db.config_history.page(key, walk.after(int), walk.rows)
    shown, further = walk.page(rows, lambda row: (row.version,))
    return {"items": [change_view(row, secret=entry.secret) for row in shown], "nextCursor": further}


async def rollback(
    key: str,
    body: wire.RollBackConfigRequest,
    expected_version: int,
    principal: Principal,
    client: Client,
    uow: UnitOfWork,
    desk: ConfigDesk,
    config: Config,
    clock: Clock,
) -> wire.ConfigEntry:
    now = clock()
    async with uow() as db:
        entry = await desk.entry(db, key, now)
        require_may_change(entry, principal, now, config)
        earlier = await db.config_history.find(key, UUID(body["historyId"]))
        if earlier is None:
            raise not_found("change")
        value = DEFAULT if earlier.after is None else earlier.after
        if entry.secret or not restorable(earlier) or (value is not DEFAULT and not desk.accepts(key, value)):
            raise ApiError("admin.config.not_restorable", key=key)
        author = Author(principal.user_id, body["reason"])
        (written,) = await desk.change(db, [Wish(key, value, expected_version)], author, now)
        require_lets_in(key, written.after, client)
        told = {"restored": str(earlier.id)}
        await _record(db, "admin.config.rollback", written, principal, body["reason"], **told)
        entry = await desk.entry(db, key, now)
    await desk.refresh()
    return entry_view(entry)


async def _record(
    db: Repositories, action: str, written: Written, principal: Principal, reason: str, **details: str
) -> None:
    until = {} if written.until is None else {"until": written.until.isoformat()}
    await db.audit.record(
        action,
        actor=principal.user_id,
        target=written.name,
        reason=reason,
        before={"value": written.before},
        after={"value": written.after} | until,
        **details,
    )
