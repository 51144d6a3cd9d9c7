"""Proof in the middle of a session that its bearer is the owner of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain import auth as rules
from domain.auth.oauth import OAuthIdentity, is_recent, proof_of
from domain.clock import timestamp
from domain.errors import ApiError

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from domain.wire import auth as wire
    from handlers.needs import (
        Clock,
        Config,
        CurrentPassword,
        OAuth,
        Principal,
        Repositories,
        SecondFactor,
        UnitOfWork,
    )

INVALID = "auth.oauth.invalid_token"
NOT_LINKED = "auth.oauth.not_linked"


async def confirm(
    body: wire.ConfirmRequest,
    principal: Principal,
    uow: UnitOfWork,
    config: Config,
    clock: Clock,
    current_password: CurrentPassword,
    second_factor: SecondFactor,
    oauth: OAuth,
) -> wire.Confirmation:
    async with uow() as db:
        user = await db.users.find(principal.user_id)
    if user is None:
        raise ApiError("auth.unauthenticated")
    rules.require_enough(body, has_password=user.password_hash is not None, has_factor=user.two_factor_enabled)
    if "password" in body:
        matched = await current_password.matches(uow, user.id, user.password_hash, body["password"])
        rules.require_password(user.password_hash, matched=matched)
    identity = None
    if "platform" in body:
        identity = await oauth.verify(body["platform"]["provider"], proof_of(body["platform"], "platform."))
        await _require_platform(uow, principal, identity, clock(), config)
    if "code" in body:
        await second_factor.begin(uow, user.id)

    now = clock()
    async with uow() as db:
        refusal = await _refusal(db, user, identity, body.get("code"), second_factor)
        if refusal is None and not await db.sessions.confirm(principal.session_id, now):
            refusal = "auth.unauthenticated"
        result = "success" if refusal is None else "failure"
        await db.audit.record(f"auth.confirm.{result}", result=result, actor=user.id, target=principal.session_id)
    if refusal is not None:  # told after the commit: what was used up stays used up
        raise ApiError(refusal)
    return {"confirmedUntil": timestamp(now + rules.confirmation_life(config))}


async def _require_platform(
    uow: UnitOfWork, principal: Principal, identity: OAuthIdentity, now: datetime, config: Config
) -> None:
    """What it proves is judged before a code beside it is counted. Its token is spent whatever comes of it."""
    async with uow() as db:
        spent = await db.oauth_used_tokens.spend(identity)
        refusal = None if spent and is_recent(identity, now, rules.confirmation_life(config)) else INVALID
        if refusal is None and not await _is_linked(db, principal.user_id, identity):
            refusal = NOT_LINKED
        if refusal is not None:
            target = principal.session_id
            await db.audit.record("auth.confirm.failure", result="failure", actor=principal.user_id, target=target)
    if refusal is not None:
        raise ApiError(refusal)


async def _is_linked(db: Repositories, user_id: UUID, identity: OAuthIdentity) -> bool:
    owner = await db.oauth_links.find_user(identity)
    return owner is not None and owner.id == user_id


async def _refusal(
    db: Repositories, user: Any, identity: OAuthIdentity | None, code: str | None, second_factor: SecondFactor
) -> str | None:
    """Why the proofs do not count any more, or not at all; None when they do. The code is looked at last."""
    held = await db.users.find_for_update(user.id)
    if held is None or held.password_hash != user.password_hash:  # another one was set since the comparison
        return "auth.unauthenticated"
    if identity is not None and not await _is_linked(db, user.id, identity):  # it was unlinked meanwhile
        return NOT_LINKED
    if code is not None:
        if not await second_factor.accepts_any(db, user.id, code):
            return "auth.2fa.invalid_code"
        await second_factor.forget_failures(db, user.id)
    return None
