"""The price of a message, which waits for its answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from domain.money.amounts import WHOLE

Status = Literal["HELD", "RELEASED", "REFUNDED"]
HELD: Status = "HELD"
Outcome = Literal["REPLIED", "REJECTED", "EXPIRED", "REMOVED", "CREATOR_GONE", "FAN_GONE", "DISPUTED"]
"""Why it was settled. Only REPLIED releases it to the creator; each of the others gives it back."""
Source = Literal["REWARD", "COUPON", "GOODWILL"]
"""Why a gift was given."""

# A gift that had expired while it was held would be taken away in the moment in which it comes back.
GRACE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Order:
    """``price`` in minor units. ``coupon_usage_id``: a reservation of a coupon; the platform pays what that takes off.

    ``commission_bps`` and ``deadline`` are those of the moment of sending, whatever changes later.
    """

    id: UUID
    message_id: UUID
    fan_id: UUID
    creator_user_id: UUID
    price: int
    commission_bps: int
    deadline: datetime
    coupon_usage_id: UUID | None = None

    def __post_init__(self) -> None:
        if self.fan_id == self.creator_user_id:
            raise ValueError("nobody pays themselves")
        if self.price < 1 or not 0 <= self.commission_bps <= WHOLE:
            raise ValueError("no price or commission")


class Spent(NamedTuple):
    """How much of one gift."""

    grant_id: UUID
    amount: int


class Grant(NamedTuple):
    id: UUID
    left: int
    expires_at: datetime | None


def spent_of(promo: int, grants: list[Grant]) -> list[Spent]:
    """Of which gifts so much is taken: ``grants`` come with the soonest expiry first.

    Raises ValueError where they hold less: then grants and the account do not agree.
    """
    spent = []
    for grant in grants:
        taken = min(promo, grant.left)
        if taken:
            spent.append(Spent(grant.id, taken))
            promo -= taken
    if promo:
        raise ValueError(f"grants lack {promo} of what the account of gifts holds")
    return spent
