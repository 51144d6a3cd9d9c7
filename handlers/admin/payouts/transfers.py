"""What came of transfers by file, as the staff reads it on the statements of the bank."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.admin import not_found
from domain.admin.money import require_not_own
from domain.admin.money.payout_batches import payout_view, require_by_file, require_markable, require_other
from domain.money import flows
from domain.money.ledger import platform
from domain.money.payouts import why_ended

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Clock, HeldPayout, Payouts, Principal, Repositories


async def mark_processed(
    id: str,  # noqa: A002
    body: wire.MarkPayoutProcessedRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.BatchedPayout:
    payout = (await _held(id, "PROCESSED", principal, db)).row
    marked = await db.payout_desk.pay(payout, clock(), reference=body["reference"])
    await db.ledger.post(flows.payout_done(payout.id, payout.attempt, platform("bank"), payout.amount))
    after = {"payout": str(payout.id), "status": marked.status, "reference": marked.reference}
    await _record("admin.payouts.transfers.mark_processed", payout, body["reason"], after, principal, db)
    return payout_view(marked)


async def mark_failed(
    id: str,  # noqa: A002
    body: wire.MarkPayoutFailedRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
    payouts: Payouts,
) -> wire.BatchedPayout:
    held = await _held(id, "FAILED", principal, db)
    payout, wallet = held.row, held.wallet
    batch = await db.payout_batches.of(payout)
    require_other(principal.user_id, batch.created_by)
    returned = payout.status == "PROCESSED"
    reason = "RETURNED" if returned else body["failureReason"]
    marked = await db.payout_desk.fail(payout, reason, clock())
    back = flows.payout_failed(wallet, payout.id, payout.attempt, payout.amount)
    if returned:
        back = flows.payout_returned(wallet, payout.id, payout.attempt, platform("bank"), payout.amount)
    await db.ledger.post(back)
    await payouts.tell(db, marked, "ended", why_ended(reason))
    after = {"payout": str(payout.id), "status": marked.status, "failureReason": marked.failure_reason}
    await _record("admin.payouts.transfers.mark_failed", payout, body["reason"], after, principal, db)
    return payout_view(marked)


async def _held(given: str, wanted: str, principal: Principal, db: Repositories) -> HeldPayout:
    held = await db.payout_desk.hold(UUID(given))
    if held is None:
        raise not_found("payout")
    require_not_own(held.row.user_id, principal)
    require_by_file(held.row)
    require_markable(held.row, wanted)
    return held


async def _record(
    action: str, payout: Any, reason: str, after: dict[str, Any], principal: Principal, db: Repositories
) -> None:
    before = {"payout": str(payout.id), "status": payout.status}
    await db.audit.record(
        action, actor=principal.user_id, target=payout.user_id, reason=reason, before=before, after=after
    )
