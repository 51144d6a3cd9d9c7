"""Payouts, as staff sees and decides on them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain import topics
from domain.admin import not_found
from domain.admin.money import require_not_own
from domain.admin.money.payouts import MOST_ATTEMPTS, decided_view, payout_in_full, payout_view
from domain.errors import transition_invalid
from domain.money.payout_approval import approving, require_standing
from domain.money.payout_rules import judge_standing, judged
from domain.money.payouts import UNSENT

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from domain.wire.common import PayoutMethod, PayoutStatus
    from handlers.needs import Clock, Config, HeldPayout, Payouts, Principal, Repositories, Walk


async def list(  # noqa: A001
    db: Repositories,
    walk: Walk,
    status: PayoutStatus | None = None,
    method: PayoutMethod | None = None,
    creator: str | None = None,
) -> wire.AdminPayouts:
    owner = None if creator is None else UUID(creator)
    after = walk.after(datetime, UUID)
    rows = await db.payout_desk.page(after, walk.rows, status=status, method=method, user_id=owner)
    shown, further = walk.page(rows, lambda row: (row.Payout.created_at, row.Payout.id))
    return {"items": [payout_view(row) for row in shown], "nextCursor": further}


async def find(
    id: str,  # noqa: A002
    db: Repositories,
    payouts: Payouts,
    config: Config,
    clock: Clock,
) -> wire.AdminPayoutInFull:
    row = await db.payout_desk.find(UUID(id))
    if row is None:
        raise not_found("payout")
    conditions = judged(await payouts.examine_again(db, row.Payout), config, clock())
    risks = await db.payout_desk.risks(row.Payout.id)
    attempts = await db.payout_desk.attempts(row.Payout.id, MOST_ATTEMPTS)
    return payout_in_full(row, conditions, risks, attempts)


async def approve(
    id: str,  # noqa: A002
    body: wire.ApprovePayoutRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
    config: Config,
    payouts: Payouts,
) -> wire.PayoutDecided:
    held, now = await _held(id, principal, db), clock()
    columns = approving(held.row, principal.user_id, config)
    await db.ledger.hold(held.wallet)
    require_standing(judge_standing(await payouts.examine_again(db, held.row), config, now))
    if columns["status"] == "APPROVED":
        columns |= {"approved_at": now, "due_at": now}
        await db.outbox.add(topics.SendPayout(held.row.id))
    await db.payout_desk.change(held.row.id, **columns)
    return await _decided("admin.payouts.approve", held, body["reason"], principal, db)


async def reject(
    id: str,  # noqa: A002
    body: wire.EndPayoutRequest,
    principal: Principal,
    db: Repositories,
    payouts: Payouts,
) -> wire.PayoutDecided:
    held = await _held(id, principal, db)
    if held.row.status != "PENDING":
        raise transition_invalid(held.row.status, "REJECTED")
    await payouts.end(db, held.row, "REJECTED", principal.user_id, body["statement"])
    await payouts.tell(db, held.row, "ended")
    return await _decided("admin.payouts.reject", held, body["reason"], principal, db)


async def cancel(
    id: str,  # noqa: A002
    body: wire.EndPayoutRequest,
    principal: Principal,
    db: Repositories,
    payouts: Payouts,
) -> wire.PayoutDecided:
    held = await _held(id, principal, db)
    if held.row.status not in UNSENT:
        raise transition_invalid(held.row.status, "CANCELLED")
    await payouts.end(db, held.row, "CANCELLED", principal.user_id, body["statement"])
    await payouts.tell(db, held.row, "ended")
    return await _decided("admin.payouts.cancel", held, body["reason"], principal, db)


async def _held(given: str, principal: Principal, db: Repositories) -> HeldPayout:
    held = await db.payout_desk.hold(UUID(given))
    if held is None:
        raise not_found("payout")
    require_not_own(held.row.user_id, principal)
    return held


async def _decided(
    action: str, held: HeldPayout, reason: str, principal: Principal, db: Repositories
) -> wire.PayoutDecided:
    row = await db.payout_desk.find(held.row.id)
    told = decided_view(row.Payout)
    await db.audit.record(
        action,
        actor=principal.user_id,
        target=held.row.user_id,
        reason=reason,
        before={"status": held.row.status},
        after={"payout": str(held.row.id), "amount": held.row.amount, **told},
    )
    return told
