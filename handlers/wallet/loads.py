"""Loading a wallet through a payment provider."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.errors import ApiError
from domain.money.ledger import WalletName
from domain.money.payments import OPEN_AGAIN, SESSION_LIFE, UNBOUND_AGAIN, Order, ids_of, order_of
from domain.wallet.loads import (
    amount_of,
    load_view,
    require_open,
    require_room,
    require_slow,
    return_url,
    same_or_new,
    session_view,
)

if TYPE_CHECKING:
    from domain.money.payments import Checkout
    from domain.wire import wallet as wire
    from handlers.needs import Clock, Config, Coupons, Payment, Payments, Principal, Repositories, RequestId, UnitOfWork


async def start(
    body: wire.LoadRequest,
    principal: Principal,
    request_id: RequestId,
    uow: UnitOfWork,
    payments: Payments,
    coupons: Coupons,
    config: Config,
    clock: Clock,
) -> wire.LoadSession:
    """Before the provider is asked a row says so, by which the same can be asked again."""
    amount, provider, now = amount_of(body["amount"], config), payments.first(), clock()
    wallet, ids = WalletName(principal.user_id, "FAN"), ids_of(request_id)
    usage_id = UUID(body["couponUsageId"]) if "couponUsageId" in body else None
    async with uow() as db:
        user = await db.users.hold_present(wallet.user_id)  # it may have been erased since the call began
        payment_id, payment = same_or_new(ids, await db.payments.among(ids), amount, usage_id, now)
        is_new = payment is None
        if payment is None:
            bonus = 0 if usage_id is None else await coupons.keep(db, usage_id, user.id, amount, now)
            held = (await db.ledger.hold(wallet))[wallet.id]
            require_open(held)
            begun = await db.payments.begun(wallet.id, now)
            require_room(amount + bonus, held.balance, begun, config)
            require_slow(amount, begun, user.created_at, now, config)
            url = return_url(body.get("returnPath"), payment_id, config)
            order = Order(payment_id, amount, wallet.currency, url, now + SESSION_LIFE)
            payment = await db.payments.begin(order, wallet.id, provider, now + UNBOUND_AGAIN, usage_id)
    checkout = None
    if payment.ref is None:
        payment, checkout = await _begun(payment, uow, payments, may_move=is_new)
    async with uow.last() as db:
        if checkout is not None:
            payment = await db.payments.bind(payment.id, payment.provider, checkout, now + OPEN_AGAIN)
    return session_view(payment)


async def _begun(payment: Payment, uow: UnitOfWork, payments: Payments, *, may_move: bool) -> tuple[Payment, Checkout]:
    """The session, at the first provider that begins one. Raises ApiError service.unavailable.

    One that was asked before, by another call, may have begun it without being heard: then nobody else is asked.
    """
    while True:
        provider = payment.provider
        checkout = await payments.begin(provider, order_of(payment))
        if checkout is not None:
            return payment, checkout
        further = payments.next_to(provider) if may_move else None
        async with uow() as db:
            moved = await db.payments.move(payment.id, provider, further) if further is not None else None
        if moved is None:
            raise ApiError("service.unavailable", retry_after=5)
        payment = moved


async def find(session_id: str, principal: Principal, db: Repositories) -> wire.LoadState:
    payment = await db.payments.own(principal.user_id, UUID(session_id))
    if payment is None:
        raise ApiError("wallet.load.not_found")
    return load_view(payment)
