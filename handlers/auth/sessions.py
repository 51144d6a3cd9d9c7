"""Open sessions and their ends."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain import topics
from domain.auth import REFRESH_IDLE_DAYS, session_view
from domain.errors import ApiError

if TYPE_CHECKING:
    from domain.wire import auth as wire
    from handlers.needs import Client, Clock, Config, DevicesOf, GeoIp, Principal, Repositories, UnitOfWork, Visitor


async def list(  # noqa: A001
    principal: Principal, uow: UnitOfWork, clock: Clock, config: Config, devices_of: DevicesOf, max_items: int
) -> wire.Sessions:
    async with uow() as db:
        rows = await db.sessions.list_live(principal.user_id, clock(), config[REFRESH_IDLE_DAYS], max_items)
    devices = await devices_of([row.user_agent for row in rows])
    return {"sessions": [session_view(row, devices[row.user_agent], principal.session_id) for row in rows]}


async def revoke(id: str, principal: Principal, db: Repositories, clock: Clock) -> None:  # noqa: A002
    session_id = UUID(id)
    if session_id == principal.session_id:
        raise ApiError("auth.sessions.cannot_revoke_current")
    now = clock()
    await db.sessions.lock_owner(principal.session_id, principal.user_id, fresh=True)
    await db.sessions.void_opened(principal.user_id, now, but=principal.session_id)
    if not await db.sessions.revoke_own(session_id, principal.user_id, now):
        raise ApiError("auth.sessions.not_found")
    await db.audit.record("auth.sessions.revoke.success", actor=principal.user_id, target=session_id)


async def revoke_all(
    principal: Principal, uow: UnitOfWork, clock: Clock, client: Client, geoip: GeoIp, visitor: Visitor
) -> None:
    """Whoever does it with a session of another leaves the owner no known device: the owner is told."""
    country, now, user_id = await geoip.country(client.ip, client.cdn_country), clock(), principal.user_id
    async with uow() as db:
        await db.sessions.lock_owner(principal.session_id, user_id, fresh=True)
        ended = await db.sessions.revoke_all(user_id, now, but=principal.session_id)
        await visitor.forget_others(db, user_id)
        await visitor.tell(db, topics.SessionsEnded, user_id, country, now)
        await db.audit.record("auth.sessions.revoke_all.success", actor=user_id, target=user_id, sessions=ended)
