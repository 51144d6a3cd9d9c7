"""The price of a message: held when it is sent, and settled once, by whichever comes first of what may befall it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.money import flows
from domain.money.escrows import GRACE, spent_of
from domain.money.flows import Parts
from domain.money.ledger import InsufficientBalance, WalletName
from services.money.coupons import CouponService
from services.money.credits import credit

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from domain.money.escrows import Order, Outcome
    from persistence.models import Escrow
    from persistence.repositories import Repositories


class WalletFrozen(Exception):
    """Nothing may be spent from it."""


class EscrowService:
    """Works inside the caller's unit of work."""

    def __init__(self) -> None:
        self._coupons = CouponService()

    async def hold(self, db: Repositories, order: Order) -> Parts:
        """Take the price from the fan's wallet, gifts first. Returns of what it was paid.

        Raises InsufficientBalance, WalletFrozen, CouponUsageInvalid and ApiError error.user.not_found, before anything
        was written. The message is held by its caller.
        """
        await db.users.require_present(order.fan_id, order.creator_user_id)  # accounts are held before all else
        usage, coupon = order.coupon_usage_id, 0
        if usage is not None:
            coupon = await self._coupons.discount(db, usage, order.fan_id, "MESSAGE", order.price)
        wallet = WalletName(order.fan_id, "FAN")
        held = (await db.ledger.hold(wallet))[wallet.id]
        if held.frozen_for is not None or held.closed_at is not None:
            raise WalletFrozen
        balances = await db.ledger.balances(wallet)
        parts = flows.parts_of(order.price, balances, coupon)
        if parts.fan > balances.fan:
            raise InsufficientBalance(f"{order.id}: {parts.fan} of {balances.fan}")
        spent = spent_of(parts.promo, await db.gifts.open(wallet)) if parts.promo else []
        await db.escrows.hold(order, parts)
        if usage is not None:
            await db.coupons.use(usage)
        if spent:
            await db.gifts.spend(order.id, spent)
        await db.ledger.post(flows.held(wallet, order.id, parts))
        return parts

    async def release(self, db: Repositories, escrow_id: UUID, now: datetime) -> Escrow | None:
        """To the creator, less the commission: the message was answered. None where it was settled before."""
        escrow = await db.escrows.settle(escrow_id, "RELEASED", "REPLIED", now)
        if escrow is not None:
            wallet = WalletName(escrow.creator_user_id, "CREATOR")
            await db.ledger.post(flows.released(wallet, escrow.id, escrow.price, escrow.commission_bps))
        return escrow

    async def refund(self, db: Repositories, escrow_id: UUID, why: Outcome, now: datetime) -> Escrow | None:
        """Back to the fan, in the very parts; a coupon can be used again. None where it was settled before."""
        escrow = await self._end(db, escrow_id, why, now)
        if escrow is not None:
            await self._give_back(db, escrow, now)
        return escrow

    async def take_back(self, db: Repositories, fan_id: UUID, amount: int, now: datetime) -> None:
        """Prices that a fan's messages wait with, the newest first, until so much paid-in money has come back."""
        ids = []
        for escrow_id, paid in await db.escrows.held_by(fan_id):
            if amount > 0:
                ids.append(escrow_id)
                amount -= paid
        ended = [await self._end(db, escrow_id, "DISPUTED", now) for escrow_id in sorted(ids)]
        for escrow in filter(None, ended):
            await self._give_back(db, escrow, now)

    async def _end(self, db: Repositories, escrow_id: UUID, why: Outcome, now: datetime) -> Escrow | None:
        escrow = await db.escrows.settle(escrow_id, "REFUNDED", why, now)
        if escrow is not None and escrow.coupon_usage_id is not None:
            await self._coupons.release(db, escrow.coupon_usage_id)
        return escrow

    async def _give_back(self, db: Repositories, escrow: Escrow, now: datetime) -> None:
        wallet = WalletName(escrow.fan_id, "FAN")
        await db.ledger.hold(wallet)
        if escrow.promo:
            await db.gifts.give_back(escrow.id, now, GRACE)
        back = flows.unheld(wallet, escrow.id, Parts(escrow.promo, escrow.paid, escrow.coupon))
        await credit(db, wallet, back)
