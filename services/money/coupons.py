"""Coupons: reserved for half an hour, and used by what is paid meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import ApiError
from domain.money.coupons import (
    KEPT_FOR,
    RESERVED_FOR,
    CouponUsageInvalid,
    discount_of,
    require_room,
    require_usable,
)

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from domain.money.coupons import Reservation, Use
    from persistence.repositories import Repositories


class CouponService:
    """Works inside the caller's unit of work. Amounts in minor units."""

    async def reserve(
        self, db: Repositories, user_id: UUID, code: str, applies_to: Use, amount: int, now: datetime
    ) -> Reservation:
        """The reservation that the person has is given again, for this amount. Raises ApiError ``coupon.*``."""
        coupon = await db.coupons.hold_by_code(code)
        if coupon is None:
            raise ApiError("coupon.not_found")
        require_usable(coupon, applies_to, amount, now)
        own = await db.coupons.own(coupon.id, user_id)
        discount = discount_of(coupon, amount)
        if own is not None and own.expires_at > now:
            if await db.coupons.is_bound(own.id):
                raise ApiError("coupon.usage_invalid")
            if (own.applies_to, own.amount, own.discount) == (applies_to, amount, discount):
                return own
            return await db.coupons.change_reservation(own.id, applies_to, amount, discount)
        await db.coupons.free(coupon.id, now)
        require_room(coupon, await db.coupons.count(coupon, user_id))
        return await db.coupons.reserve(coupon.id, user_id, applies_to, amount, discount, now + RESERVED_FOR)

    async def discount(self, db: Repositories, usage_id: UUID, user_id: UUID, applies_to: Use, amount: int) -> int:
        """What a reservation takes off; it is held until the unit ends. Raises CouponUsageInvalid."""
        discount = await db.coupons.discount(usage_id, user_id, applies_to, amount)
        if discount is None:
            raise CouponUsageInvalid(f"{usage_id}: no reservation for {applies_to} of {amount}")
        return discount

    async def consume(self, db: Repositories, usage_id: UUID, user_id: UUID, applies_to: Use, amount: int) -> int:
        """Use a reservation, in the transaction of what it pays, before any wallet is held. Returns what it takes off.

        Good as long as nobody freed it: who pays at the moment at which it runs out has it, or another one, never both.
        What is paid over a longer time uses it when that begins, and releases it when that fails. Raises
        CouponUsageInvalid.
        """
        discount = await self.discount(db, usage_id, user_id, applies_to, amount)
        await db.coupons.use(usage_id)
        return discount

    async def keep(self, db: Repositories, usage_id: UUID, user_id: UUID, amount: int, now: datetime) -> int:
        """What a reservation takes off a load that begins now. It lasts for as long as the session does.

        Their owner is held. Raises ApiError coupon.usage_invalid.
        """
        discount = await db.coupons.keep(usage_id, user_id, "LOAD", amount, now, now + KEPT_FOR)
        if discount is None:
            raise ApiError("coupon.usage_invalid")
        return discount

    async def redeem(self, db: Repositories, usage_id: UUID, user_id: UUID, now: datetime) -> int | None:
        """What the coupon of a payment takes off, before any wallet is held; None where its place is somebody else's.

        The money is there, however late. So a reservation that has ended is used after all while the coupon has room.
        """
        discount = await db.coupons.redeem(usage_id)
        if discount is not None:
            return discount
        coupon = await db.coupons.hold_coupon_of(usage_id)
        await db.coupons.free(coupon.id, now)
        try:
            require_room(coupon, await db.coupons.count(coupon, user_id))
        except ApiError:
            return None
        return await db.coupons.revive(usage_id)

    async def release(self, db: Repositories, usage_id: UUID) -> None:
        """What it was used for was given back, or came to nothing. Twice is once; it is held before any wallet."""
        await db.coupons.release(usage_id)
