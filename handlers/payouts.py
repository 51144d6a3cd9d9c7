"""How creators are paid what they earned."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain import topics
from domain.creators.payout_report import MOST_SHOWN, months_of, report_view
from domain.errors import ApiError
from domain.money import flows
from domain.money.amounts import Money
from domain.money.ledger import WalletName
from domain.money.payout_rules import judge, require
from domain.money.payouts import NewPayout, ids_of, same_or_new

if TYPE_CHECKING:
    from domain.wire import payouts as wire
    from handlers.needs import Clock, Config, Payouts, Principal, Repositories, RequestId


async def request(
    body: wire.PayoutRequest,
    principal: Principal,
    request_id: RequestId,
    db: Repositories,
    payouts: Payouts,
    config: Config,
    clock: Clock,
) -> wire.RequestedPayout:
    amount, ids, now = Money.parse(body["amount"]).minor, ids_of(request_id), clock()
    wallet = WalletName(principal.user_id, "CREATOR")
    await db.payouts.hold_owner(wallet.user_id)
    payout_id, payout = same_or_new(ids, await db.payouts.among(ids), amount, body.get("method"))
    if payout is not None:
        return {"payoutId": str(payout.id)}
    found = await payouts.examine(db, wallet.user_id, amount, body.get("method"))
    require(judge(found.facts, config, now))
    await db.payouts.hold_unsent(wallet.user_id)  # whoever ends one holds it before the wallet
    await db.ledger.hold(wallet)
    purse = await payouts.purse(db, wallet.user_id)
    require(judge(found.facts.with_purse(purse), config, now))
    payout = await db.payouts.add(NewPayout(payout_id, wallet, amount, found.chosen), now)
    await db.ledger.post(flows.payout_requested(wallet, payout.id, payout.attempt, amount))
    await db.outbox.add(topics.ReviewPayout(payout.id))
    await payouts.tell(db, payout, "requested")
    await db.audit.record(
        "payout.requested",
        actor=wallet.user_id,
        target=wallet.user_id,
        payout=str(payout.id),
        amount=str(Money(amount)),
        method=payout.method,
    )
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
