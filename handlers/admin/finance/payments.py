"""Payments by which wallets were loaded, and giving them back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin import not_found
from domain.admin.money.payments import payment_in_full, payment_view
from domain.money.refunds import amount_of, exceeds, require_refundable, require_unspent

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from domain.wire import common
    from handlers.needs import Clock, Config, Principal, Refunds, Repositories, Walk


async def list(  # noqa: A001
    db: Repositories,
    walk: Walk,
    status: common.LoadStatus | None = None,
    provider: str | None = None,
    wallet_id: str | None = None,
    misfit: bool | None = None,
) -> wire.Payments:
    of = None if wallet_id is None else UUID(wallet_id)
    keys = walk.after(datetime, UUID)
    rows = await db.payments.page(keys, walk.rows, status=status, provider=provider, wallet_id=of, misfit=misfit)
    shown, further = walk.page(rows, lambda row: (row.Payment.created_at, row.Payment.id))
    return {"items": [payment_view(row.Payment, row.user_id) for row in shown], "nextCursor": further}


async def find(id: str, db: Repositories) -> wire.PaymentInFull:  # noqa: A002
    found = await db.payments.find(UUID(id))
    if found is None:
        raise not_found("payment")
    return payment_in_full(found, await db.refunds.of_payment(UUID(id)), await db.disputes.of_payment(UUID(id)))


async def refund(
    id: str,  # noqa: A002
    body: wire.RefundPaymentRequest,
    principal: Principal,
    db: Repositories,
    config: Config,
    clock: Clock,
    refunds: Refunds,
) -> wire.RefundAsked:
    by, reason, now = principal.user_id, body["reason"], clock()
    held = await db.payments.hold(UUID(id))
    if held is None:
        raise not_found("payment")
    payment, wallet = held.row, held.wallet
    require_refundable(payment, disputed=await db.disputes.stands(payment.id), now=now, config=config)
    amount = amount_of(body.get("amount"), payment)
    await db.ledger.hold(wallet)
    fan = (await db.ledger.balances(wallet)).fan
    require_unspent(amount, await refunds.unspent(db, held, fan), fan)
    asked = await refunds.ask(db, held, amount, by, reason, now)
    if asked is None:
        raise exceeds(payment.amount - payment.refunded - payment.disputed)
    after = {"payment": str(payment.id), "refund": str(asked.id), "amount": amount}
    await db.audit.record("admin.finance.payments.refund", actor=by, target=wallet.user_id, reason=reason, after=after)
    return {"refundId": str(asked.id), "status": "OPEN"}
