"""Whether a creator's identity is verified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.creators import creator_id_of
from domain.creators.kyc import kyc_view, require_attempt, require_may_start, shadow
from domain.errors import ApiError

if TYPE_CHECKING:
    from datetime import datetime

    from domain.wire import creators as wire
    from handlers.needs import Begun, Clock, Config, Kyc, Principal, Repositories, UnitOfWork


async def status(principal: Principal, db: Repositories) -> wire.KycState:
    profile = await db.kyc_sessions.profile(creator_id_of(principal))
    if profile is None:
        raise ApiError("error.creator.not_found")
    return kyc_view(profile)


async def start(principal: Principal, kyc: Kyc, uow: UnitOfWork, config: Config, clock: Clock) -> wire.KycStarted:
    """A row says first that the provider will be asked: whoever comes again after a fault goes on with it."""
    owner, now = principal.user_id, clock()
    async with uow() as db:
        profile = await db.kyc_sessions.hold_profile(owner)
        if profile is None:  # erased since the call began
            raise ApiError("error.creator.not_found")
        session = await _current(db, profile, kyc.provider, config, now)
    begun = await kyc.begin(session) if session.state == "STARTED" else None
    url = await kyc.resume(session) if begun is None else begun.url
    if url is None:
        raise ApiError("creator.kyc.in_progress")
    async with uow.last() as db:
        profile = await db.kyc_sessions.hold_profile(owner)
        if profile is None:
            raise ApiError("error.creator.not_found")
        if begun is not None:
            if await db.kyc_sessions.bind(session.id, session.provider, begun.ref, begun.link, now):
                await db.creator_modes.change(profile.id, shadow("OPEN", session.provider, begun.ref, None))
                told = {"provider": session.provider, "session": str(session.id)}
                await db.audit.record("creator.kyc.start.success", actor=owner, target=owner, **told)
            else:
                session = await db.kyc_sessions.get(session.id)
                url = await _bound_meanwhile(session, begun, kyc)
    return {"redirectUrl": url, "sessionId": str(session.id), "provider": session.provider}


async def _bound_meanwhile(session: Any, begun: Begun, kyc: Kyc) -> str:
    """The way to what another call at once began: notices of ours would be nobody's.

    Raises ApiError creator.kyc.in_progress or service.unavailable.
    """
    if session.state == "OPEN":
        url = begun.url if session.ref == begun.ref else await kyc.resume(session)
        if url is not None:
            return url
    raise ApiError("creator.kyc.in_progress")


async def _current(db: Repositories, profile: Any, provider: str, config: Config, now: datetime) -> Any:
    """The try that is under way, or a new one. Raises ApiError creator.kyc.… where there is to be none."""
    newest = await db.kyc_sessions.newest(profile.user_id)
    require_may_start(profile, newest)
    if newest is not None and newest.state == "OPEN":
        return newest
    if newest is not None and newest.state == "STARTED":
        return newest if newest.provider == provider else await db.kyc_sessions.move(newest.id, provider)
    attempts = await db.kyc_sessions.attempts(profile.user_id, now)
    require_attempt(attempts.number, attempts.oldest, config, now)
    return await db.kyc_sessions.begin(profile.user_id, provider, now)
