"""Coupons: what one takes off, whom it serves, and what becomes of a reservation."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from domain.errors import ApiError
from domain.money.amounts import Money, share
from domain.money.payments import SESSION_LIFE
from domain.wire import admin, referral

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

Kind = admin.CouponType
Scope = admin.CouponScope
Use = referral.CouponUse
"""What is paid with it: BOTH, which a coupon may say, is no use."""
Status = Literal["RESERVED", "USED", "RELEASED", "EXPIRED"]
"""RESERVED and USED count towards the limits. RELEASED: what it was used for was given back."""

RESERVED_FOR = timedelta(minutes=30)
KEPT_FOR = SESSION_LIFE + timedelta(minutes=30)
"""From the beginning of a load: the provider is given time to tell that its session was paid in the last minute."""


class CouponUsageInvalid(Exception):
    """There is no such reservation of this person, or it is for something else, or was used, or ran out."""


class Reservation(NamedTuple):
    """Amounts in minor units."""

    id: UUID
    applies_to: str
    amount: int
    discount: int
    expires_at: datetime

    @property
    def to_pay(self) -> int:
        """A load is paid in whole: what its coupon is worth is a gift beside it."""
        return self.amount if self.applies_to == "LOAD" else self.amount - self.discount


class Counted(NamedTuple):
    """How many reservations and uses there are, of all people and of one; no further than the limits."""

    all: int
    own: int


def require_usable(coupon: Any, applies_to: Use, amount: int, now: datetime) -> None:
    """Raises ApiError with a code of ``coupon.*``. Limits are judged apart, since a reservation has its place."""
    if not coupon.active:
        raise ApiError("coupon.inactive")
    if coupon.starts_at is not None and now < coupon.starts_at:
        raise ApiError("coupon.not_started")
    if coupon.ends_at is not None and now >= coupon.ends_at:
        raise ApiError("coupon.expired")
    if coupon.applies_to not in (applies_to, "BOTH"):
        raise ApiError("coupon.not_applicable")
    if amount < coupon.min_purchase:
        raise ApiError("coupon.min_purchase", min=str(Money(coupon.min_purchase)))


def require_room(coupon: Any, counted: Counted) -> None:
    """Raises ApiError coupon.user_limit or coupon.exhausted."""
    if coupon.max_uses_per_user is not None and counted.own >= coupon.max_uses_per_user:
        raise ApiError("coupon.user_limit")
    if coupon.max_uses is not None and counted.all >= coupon.max_uses:
        raise ApiError("coupon.exhausted")


def discount_of(coupon: Any, amount: int) -> int:
    """Never more than the amount, or than the coupon allows. Parts of a cent are dropped."""
    off = share(amount, coupon.value) if coupon.type == "PERCENT" else coupon.value
    return min(off, amount) if coupon.max_discount is None else min(off, amount, coupon.max_discount)
