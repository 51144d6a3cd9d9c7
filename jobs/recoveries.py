"""Requests to recover an account, when their time has come or somebody showed that they are needless."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from domain import topics
from domain.admin.recoveries import PROOF_DAYS, TWO_FACTOR, is_due, is_given_up, may_take_effect
from domain.auth import VERIFICATION_TTL_HOURS
from domain.auth.changes import MOVED
from domain.errors import ApiError
from domain.users import mask_email

if TYPE_CHECKING:
    from datetime import datetime

    from jobs.needs import Changes, Clock, Config, Job, Repositories, UnitOfWork

BATCH = 1000


async def sweep(uow: UnitOfWork, clock: Clock, config: Config) -> None:
    now = clock()
    async with uow.last() as db:
        for request_id in await db.recoveries.list_to_settle(now, now - timedelta(days=config[PROOF_DAYS]), BATCH):
            await db.outbox.add(topics.SettleRecovery(request_id))


async def settle(
    job: Job[topics.SettleRecovery], uow: UnitOfWork, clock: Clock, config: Config, changes: Changes
) -> None:
    """All in one transaction that holds the account: so the owner stopped it before, or comes too late."""
    now = clock()
    async with uow.last() as db:
        request = await db.recoveries.hold(job.payload.request)
        if request is None or request.state != "PENDING":
            return
        needless = await db.recoveries.void_needless(request.user_id, now)
        for _ in needless:
            await db.outbox.add(topics.RecoveryEnded(request.user_id))
        if request.id in needless:
            return
        due = is_due(request, now)
        if due and await _may_take_effect(db, request, now):
            await _carry_out(db, request, changes, config, now)
        elif due or is_given_up(request, now, config):
            await db.recoveries.end(request.id, "VOID", now)
            await db.outbox.add(topics.RecoveryEnded(request.user_id))


async def _may_take_effect(db: Repositories, request: Any, now: datetime) -> bool:
    asker, account = await db.staff.roles_of(request.requested_by), await db.staff.roles_of(request.user_id)
    if not may_take_effect(asker, account):
        return False
    return request.new_email is None or await _is_free(db, request, now)


async def _is_free(db: Repositories, request: Any, now: datetime) -> bool:
    """Another account may have proven the address meanwhile; one that waits to be verified gives way."""
    await db.users.clear(request.new_email, request.user_id)
    try:
        await db.users.require_unclaimed(request.new_email, None, now, by=request.user_id)
    except ApiError:
        return False
    return True


async def _carry_out(db: Repositories, request: Any, changes: Changes, config: Config, now: datetime) -> None:
    await db.recoveries.end(request.id, "DONE", now)
    if request.kind == TWO_FACTOR:
        await _take_factor(db, request, changes)
    else:
        await _move(db, request, changes, config, now)
    await db.sessions.revoke_all(request.user_id, now)
    await db.recoveries.sign_anew(request.user_id)
    what = {"request": str(request.id), "kind": request.kind}
    await db.audit.record("admin.recoveries.effect", target=request.user_id, **what)


async def _take_factor(db: Repositories, request: Any, changes: Changes) -> None:
    notice = await changes.note(db, request.user_id, "two_factor_reset")
    await db.two_factor.disable(request.user_id)
    await db.outbox.add(topics.TwoFactorReset(request.user_id), notice.written())


async def _move(db: Repositories, request: Any, changes: Changes, config: Config, now: datetime) -> None:
    """As the owner moves it: the former address can take it back. The second factor stays, for no mailbox passes it.

    Whoever never proved to be the owner at the former address did not do so by this.
    """
    user_id, email = request.user_id, request.new_email
    held = await db.users.get_for_update(user_id)
    unproven = held.owner_unproven or not held.email_verified
    notice = await changes.note(db, user_id, MOVED)
    life = timedelta(hours=config[VERIFICATION_TTL_HOURS])
    await db.email_changes.note_moved(user_id, now, life, former=notice.to, new=email, undo=notice.undo)
    await db.users.move(user_id, email, now, owner_unproven=unproven)
    await db.password_resets.invalidate(user_id, now)
    await db.reactivation_tokens.invalidate(user_id, now)
    await db.outbox.add(topics.AddressChanged(user_id, mask_email(email)), notice.written())
    await db.outbox.add(topics.AddressRecovered(user_id), email)
