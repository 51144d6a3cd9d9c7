"""Rewards for bringing somebody here: when one is earned, what stops it, and until when it can be taken back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from domain.config_keys import AmountKey, Config, IntKey
from domain.money.amounts import MINOR, Money

if TYPE_CHECKING:
    from uuid import UUID

State = Literal["HELD", "PAID", "VOID", "CLAWED_BACK"]
"""HELD until it is paid, or comes to nothing. What was PAID is CLAWED_BACK when the money that earned it goes back."""
Why = Literal[
    "SAME_DOCUMENT",
    "SAME_DEVICE",
    "SAME_NETWORK",
    "PAYMENT_TAKEN_BACK",
    "REFERRER_NOT_ACTIVE",
    "REFEREE_NOT_ACTIVE",
    "DAILY_LIMIT",
    "REFERRER_LIMIT",
]
"""Why it came to nothing. Nobody is told: it would say how others are recognised, and what another person did."""
FIRST_PAYMENT = "FIRST_PAYMENT"

FIRST_PAYMENT_REWARD = AmountKey(
    "referral.reward_first_payment",
    "5.00",
    "what the first load of a referred account earns, in US dollars",
    0,
    1000,
)
HOLD_DAYS = IntKey("referral.hold_days", 14, "days before a reward is paid", 0, 365)
CLAWBACK_DAYS = IntKey(
    "referral.clawback_days", 120, "days after the load in which a refund or a dispute takes its reward back", 0, 365
)
PER_DAY = IntKey("referral.max_rewards_per_day", 10, "rewards that an account can earn in a day (UTC)", 1, 1000)
PER_REFERRER = IntKey(
    "referral.max_per_referrer", 500, "the most that an account can earn by rewards, in whole US dollars", 1, 100_000
)
MONTHLY_BUDGET = IntKey(
    "referral.monthly_budget",
    0,
    "the most that all rewards paid in a month (UTC) may be, in whole US dollars; the rest waits for the next month. "
    "0: no limit",
    0,
    10_000_000,
)
ASKED_AGAIN = timedelta(days=1)
"""Until a reward is looked at again whose payment is disputed."""


class Alike(NamedTuple):
    """What two accounts have in common, by what is stored of both anyway."""

    document: bool
    device: bool
    network: bool

    @property
    def why(self) -> Why | None:
        """The strongest sign that both are one person."""
        if self.document:
            return "SAME_DOCUMENT"
        if self.device:
            return "SAME_DEVICE"
        return "SAME_NETWORK" if self.network else None


class Parties(NamedTuple):
    """Whose reward it is, who earned it for them, and by which payment."""

    user_id: UUID
    referee_id: UUID
    payment_id: UUID


class Earned(NamedTuple):
    """``of_day``: rewards of the same day that were earned before. ``paid``: the sum of those that were paid."""

    of_day: int
    paid: int


def reward_of(config: Config) -> Money:
    return Money.parse(config[FIRST_PAYMENT_REWARD])


def held_until(now: datetime, config: Config) -> datetime:
    return now + timedelta(days=config[HOLD_DAYS])


def was_taken_back(payment: Any) -> bool:
    """Whether some of its money is gone, or never was ours."""
    return bool(payment.status != "PAID" or payment.refunded > 0 or payment.disputed > 0)


def can_claw_back(payment: Any, now: datetime, config: Config) -> bool:
    return was_taken_back(payment) and bool(now < payment.paid_at + timedelta(days=config[CLAWBACK_DAYS]))


def over_limit(earned: Earned, amount: int, config: Config) -> Why | None:
    if earned.of_day >= config[PER_DAY]:
        return "DAILY_LIMIT"
    return "REFERRER_LIMIT" if earned.paid + amount > config[PER_REFERRER] * MINOR else None


def month_of(now: datetime) -> datetime:
    """When it began."""
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(now: datetime) -> datetime:
    return month_of(month_of(now) + timedelta(days=32))
