"""Sessions of an account as staff views and ends them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from domain import topics
from domain.admin import not_found
from domain.admin.users.sessions import session_view
from domain.auth import REFRESH_IDLE_DAYS
from domain.users import moment

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Clock, Config, DevicesOf, Principal, Repositories, UnitOfWork, Walk


async def list(  # noqa: A001
    id: str,  # noqa: A002
    walk: Walk,
    principal: Principal,
    uow: UnitOfWork,
    clock: Clock,
    config: Config,
    devices_of: DevicesOf,
) -> wire.AdminUserSessions:
    user_id, idle = UUID(id), timedelta(days=config[REFRESH_IDLE_DAYS])
    async with uow.reading() as db:
        rows = await db.sessions.page_live(user_id, clock(), idle, walk.after(datetime, UUID), walk.rows)
        if not rows and await db.users.find(user_id) is None:
            raise not_found("account")
    shown, further = walk.page(rows, lambda row: (row.created_at, row.id))
    devices = await devices_of([row.user_agent for row in shown])
    return {
        "items": [session_view(row, devices[row.user_agent], principal) for row in shown],
        "nextCursor": further,
    }


async def end(
    id: str,  # noqa: A002
    body: wire.EndUserSessionsRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.EndedUserSessions:
    user_id, now = UUID(id), clock()
    await db.admin_users.hold(user_id, principal)
    if "sessionId" in body:
        ended = await _end_one(db, UUID(body["sessionId"]), user_id, now)
    else:
        ended = await db.sessions.revoke_all(user_id, now)
        await db.known_devices.forget(user_id)
    if ended:
        await db.outbox.add(topics.SessionsEndedByStaff(user_id, moment(now)))
    await db.audit.record(
        "admin.user_sessions.end",
        actor=principal.user_id,
        target=user_id,
        reason=body["reason"],
        session=body.get("sessionId"),
        ended=ended,
    )
    return {"ended": ended}


async def _end_one(db: Repositories, session_id: UUID, user_id: UUID, now: datetime) -> int:
    await db.sessions.void_opened(user_id, now)
    if not await db.sessions.revoke_own(session_id, user_id, now):
        raise not_found("session")
    return 1
