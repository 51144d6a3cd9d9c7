"""How creators are paid what they earned."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.creators.payout_report import MOST_SHOWN, months_of, report_view
from domain.errors import ApiError
from domain.money.amounts import Money
from domain.money.ledger import WalletName
from domain.money.payouts import ids_of, same_or_new

if TYPE_CHECKING:
    from domain.wire import payouts as wire
    from handlers.needs import Clock, Payouts, Principal, Repositories, RequestId


async def request(
    body: wire.PayoutRequest,
    principal: Principal,
    request_id: RequestId,
    db: Repositories,
    payouts: Payouts,
    clock: Clock,
) -> wire.RequestedPayout:
    amount, ids = Money.parse(body["amount"]).minor, ids_of(request_id)
    wallet = WalletName(principal.user_id, "CREATOR")
    await db.payouts.hold_owner(wallet.user_id)
    payout_id, payout = same_or_new(ids, await db.payouts.among(ids), amount, body.get("method"))
    if payout is not None:
        return {"payoutId": str(payout.id)}
    payout = await payouts.request(db, payout_id, wallet, body.get("method"), clock(), amount)
    return {"payoutId": str(payout.id)}


async def cancel(payout_id: str, principal: Principal, db: Repositories, payouts: Payouts) -> wire.CancelledPayout:
    owner = principal.user_id
    payout = await db.payouts.hold_own(owner, UUID(payout_id))
    if payout is None:
        raise ApiError("payment.payout.error.not_found")
    if payout.status != "PENDING":
        raise ApiError("payment.payout.error.not_cancellable")
    await payouts.end(db, payout, "CANCELLED", owner)
    await payouts.tell(db, payout, "cancelled")
    await db.audit.record("payout.cancelled", actor=owner, target=owner, payout=str(payout.id))
    return {"payoutId": str(payout.id), "status": "CANCELLED"}


async def report(principal: Principal, db: Repositories, month: str | None = None) -> wire.PayoutReport:
    begin, end = months_of(month)
    return report_view(*await db.payouts.report(principal.user_id, begin, end, MOST_SHOWN))
