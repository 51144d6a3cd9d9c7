"""The way back for people who lost their second factor or their mailbox: slow, so that owners can stop it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain import topics
from domain.admin import PII, not_found
from domain.admin.recoveries import (
    DELAY_HOURS,
    EMAIL,
    REST_DAYS,
    TWO_FACTOR,
    recovery_view,
    require_recoverable,
)
from domain.admin.users import require_unerased
from domain.auth.changes import Notice
from domain.errors import ApiError, transition_invalid
from domain.users import mask_email, moment

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Clock, Config, MailRules, Principal, Repositories, UnitOfWork, Walk


async def list(  # noqa: A001
    principal: Principal,
    db: Repositories,
    walk: Walk,
    state: wire.RecoveryState | None = None,
    user_id: str | None = None,
) -> wire.Recoveries:
    whose = UUID(user_id) if user_id is not None else None
    rows = await db.recoveries.page(walk.after(datetime, UUID), walk.rows, state=state, user_id=whose)
    shown, further = walk.page(rows, lambda row: (row.created_at, row.id))
    return {"items": [_view(row, principal) for row in shown], "nextCursor": further}


async def reset_two_factor(
    id: str,  # noqa: A002
    body: wire.TwoFactorRecoveryRequest,
    principal: Principal,
    db: Repositories,
    config: Config,
    clock: Clock,
) -> wire.Recovery:
    user = await _account(db, UUID(id), principal)
    if not user.two_factor_enabled:
        raise ApiError("auth.2fa.not_enabled")
    request, stop, _ = await _start(db, user, TWO_FACTOR, body, principal, config, clock())
    await _tell_owner(db, user, request, stop)
    await _record(db, "admin.recoveries.reset_two_factor", principal, request, body["reason"])
    return _view(request, principal)


async def change_email(
    id: str,  # noqa: A002
    body: wire.EmailRecoveryRequest,
    principal: Principal,
    uow: UnitOfWork,
    config: Config,
    clock: Clock,
    mail_rules: MailRules,
) -> wire.Recovery:
    email = body["newEmail"]
    async with uow() as db:
        await _account(db, UUID(id), principal)
    await mail_rules.require_deliverable(email)
    now = clock()
    async with uow.last() as db:
        user = await _account(db, UUID(id), principal)
        if email == user.email:
            raise ApiError("error.user.email_same")
        await db.users.require_unclaimed(email, None, now, by=user.id)
        request, stop, proof = await _start(db, user, EMAIL, body, principal, config, now, new_email=email)
        await _tell_owner(db, user, request, stop)
        told = topics.ConfirmRecoveryAddress(user.id, moment(request.effective_at))
        await db.outbox.add(told, Notice(to=email).written(str(proof)))
        await _record(db, "admin.recoveries.change_email", principal, request, body["reason"])
    return _view(request, principal)


async def cancel(
    id: str,  # noqa: A002
    body: wire.CancelRecoveryRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.Recovery:
    request = await db.recoveries.hold(UUID(id))
    if request is None:
        raise not_found("recovery request")
    cancelled = await db.recoveries.end(request.id, "CANCELLED", clock())
    if cancelled is None:
        raise transition_invalid(request.state, "CANCELLED")
    await db.outbox.add(topics.RecoveryEnded(cancelled.user_id))
    await _record(db, "admin.recoveries.cancel", principal, cancelled, body["reason"])
    return _view(cancelled, principal)


async def _account(db: Repositories, user_id: UUID, principal: Principal) -> Any:
    """Held until the unit ends."""
    user = await db.admin_users.hold(user_id, principal)
    require_unerased(user.status)
    require_recoverable(user.status)
    return user


async def _start(
    db: Repositories,
    user: Any,
    kind: wire.RecoveryKind,
    body: wire.TwoFactorRecoveryRequest | wire.EmailRecoveryRequest,
    principal: Principal,
    config: Config,
    now: datetime,
    **columns: Any,
) -> tuple[Any, UUID, UUID]:
    """The request, and the tokens that stop it and prove its address."""
    if await db.recoveries.was_stopped(user.id, kind, now - timedelta(days=config[REST_DAYS])):
        raise ApiError("admin.recovery.stopped")
    columns |= {"evidence": body["evidence"], "reason": body["reason"], "requested_by": principal.user_id}
    effective_at = now + timedelta(hours=config[DELAY_HOURS])
    started = await db.recoveries.start(user.id, kind, created_at=now, effective_at=effective_at, **columns)
    if started is None:
        raise ApiError("admin.recovery.already_pending")
    return started.request, started.stop, started.proof


async def _tell_owner(db: Repositories, user: Any, request: Any, stop: UUID) -> None:
    """By every way on which we know the owner, with the link that stops it; staff sees none."""
    when = moment(request.effective_at)
    address = mask_email(request.new_email) if request.new_email else None
    told = topics.RecoveryRequested(user.id, when, address)
    await db.outbox.add(told, Notice(to=user.email).written(str(stop)))
    if user.phone_verified_at is not None:
        await db.outbox.add(topics.RecoverySms(user.id), str(stop))


async def _record(db: Repositories, action: str, principal: Principal, request: Any, reason: str) -> None:
    after = {"request": str(request.id), "kind": request.kind, "state": request.state}
    await db.audit.record(action, actor=principal.user_id, target=request.user_id, reason=reason, after=after)


def _view(request: Any, principal: Principal) -> wire.Recovery:
    return recovery_view(request, unmasked=PII in principal.permissions)
