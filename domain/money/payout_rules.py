"""Whether a creator may be paid out: the 12 conditions, in their order, each a pure function of what is known.

Those of the person are judged before the wallet is held, those of the money while it is. Some hold for as long as a
payout is under way, and are judged again when it is approved and when it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from domain.clock import timestamp
from domain.config_keys import Config, IntKey
from domain.errors import ApiError
from domain.money.amounts import MINOR, Money
from domain.wire import common as wire

LEAST = IntKey("payout.min_amount", 50, "the least that is paid out at once, in whole US dollars", 1, 100_000)
MOST = IntKey("payout.max_amount", 10_000, "the most that is paid out at once, in whole US dollars", 1, 1_000_000)
CLEARING_DAYS = IntKey("payout.clearing_days", 0, "days before an earning may be paid out", 0, 180)
COOLDOWN_DAYS = IntKey("payout.cooldown_days", 7, "days between two requests of a creator for payouts", 0, 90)
WORKING = frozenset({"ACTIVE", "VACATION"})
TOO_EARLY = "payment.payout.error.frequency_limit"
BARRED = frozenset({"SUSPENDED", "BANNED"})
"""Accounts to which nothing is sent. Who only left gets what was requested before."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Of one method. ``ready``: money can be sent there, and by somebody. ``held_until``: nothing is sent before."""

    ready: bool = False
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Purse:
    """What is known of the money, which only whoever holds the wallet knows for sure. Amounts in minor units.

    ``balance``: without what open payouts reserve. ``clearing``: what of it was earned too recently. ``requested_at``:
    when the last payout that counts was requested; ``open``: one has not ended.
    """

    blocked: bool = False
    debt: int = 0
    balance: int = 0
    clearing: int = 0
    requested_at: datetime | None = None
    open: bool = False

    @property
    def available(self) -> int:
        return max(0, self.balance - self.clearing)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a creator, and of what is to be paid out. ``purse`` is None until the wallet is held.

    ``barred``: the account is in no status to get it.
    """

    amount: int
    barred: bool = True
    creator_status: str | None = None
    kyc_status: str | None = None
    kyc_until: datetime | None = None
    tax_approved: bool = False
    tax_until: datetime | None = None
    method: wire.PayoutMethod | None = None
    destination: Destination = Destination()
    purse: Purse | None = None

    def with_purse(self, purse: Purse) -> Facts:
        return replace(self, purse=purse)


Broken = Mapping[str, str]
"""What the refusal tells beside its code, often nothing. None in its place: the condition holds."""
HOLDS: Broken | None = None


class Condition(NamedTuple):
    """``standing``: it has to hold until the payout is sent."""

    number: int
    code: str
    broken: Callable[[Facts, Config, datetime], Broken | None]
    standing: bool = False


class Refusal(NamedTuple):
    """The condition that does not hold, by its number in the table, and what whoever is refused is told."""

    number: int
    code: str
    told: Broken

    def error(self) -> ApiError:
        told: dict[str, Any] = dict(self.told)
        return ApiError(self.code, **told)


class Judged(NamedTuple):
    """One condition as it is now. ``holds`` is None for one of the money, of which nothing is known."""

    number: int
    code: str
    holds: bool | None
    standing: bool


def _else(holds: bool, **told: str) -> Broken | None:
    return HOLDS if holds else told


def next_at(requested_at: datetime, config: Config) -> datetime:
    """From when on another one may be requested after one that is paid out."""
    return requested_at + timedelta(days=config[COOLDOWN_DAYS])


def _ends_later(until: datetime | None, now: datetime) -> bool:
    return until is None or until > now


def _is_creator(facts: Facts, config: Config, now: datetime) -> Broken | None:
    del config, now
    return _else(facts.creator_status is not None)


def _is_working(facts: Facts, config: Config, now: datetime) -> Broken | None:
    """Of who is no creator the first condition tells."""
    del config, now
    return _else(facts.creator_status is None or (facts.creator_status in WORKING and not facts.barred))


def _is_verified(facts: Facts, config: Config, now: datetime) -> Broken | None:
    del config
    return _else(facts.kyc_status == "APPROVED" and _ends_later(facts.kyc_until, now))


def _is_declared(facts: Facts, config: Config, now: datetime) -> Broken | None:
    del config
    return _else(facts.tax_approved and _ends_later(facts.tax_until, now))


def _has_method(facts: Facts, config: Config, now: datetime) -> Broken | None:
    del config, now
    return _else(facts.method is not None)


def _is_ready(facts: Facts, config: Config, now: datetime) -> Broken | None:
    del config, now
    return _else(facts.destination.ready)


def _is_settled(facts: Facts, config: Config, now: datetime) -> Broken | None:
    del config
    until = facts.destination.held_until
    return _else(until is None or until <= now, availableAt=timestamp(until) if until else "")


def _is_free(facts: Facts, config: Config, now: datetime) -> Broken | None:
    del config, now
    purse = facts.purse or Purse()
    return _else(not purse.blocked and purse.debt == 0)


def _is_enough(facts: Facts, config: Config, now: datetime) -> Broken | None:
    del now
    least = config[LEAST] * MINOR
    return _else(facts.amount >= least, min=str(Money(least)))


def _is_not_too_much(facts: Facts, config: Config, now: datetime) -> Broken | None:
    del now
    most = config[MOST] * MINOR
    return _else(facts.amount <= most, max=str(Money(most)))


def _is_there(facts: Facts, config: Config, now: datetime) -> Broken | None:
    del config, now
    available = (facts.purse or Purse()).available
    return _else(facts.amount <= available, available=str(Money(available)))


def _is_seldom(facts: Facts, config: Config, now: datetime) -> Broken | None:
    """Nobody knows when an open one ends: what is told is the end of the wait after it, which may have passed."""
    purse = facts.purse or Purse()
    if purse.requested_at is None:
        return HOLDS
    again = next_at(purse.requested_at, config)
    return _else(again <= now and not purse.open, nextAt=timestamp(again))


@cache
def conditions() -> tuple[Condition, ...]:
    """In the order in which they are judged, and told."""
    return (
        Condition(1, "error.creator.not_found", _is_creator),
        Condition(2, "payment.payout.error.creator_inactive", _is_working, standing=True),
        Condition(3, "payment.payout.error.kyc_required", _is_verified, standing=True),
        Condition(4, "payment.payout.error.tax_form_required", _is_declared, standing=True),
        Condition(5, "payment.payout.error.method_required", _has_method),
        Condition(6, "payment.payout.error.method_not_ready", _is_ready, standing=True),
        Condition(7, "payment.payout.error.destination_on_hold", _is_settled),
        Condition(8, "payment.payout.error.wallet_frozen", _is_free, standing=True),
        Condition(9, "payment.payout.error.below_minimum", _is_enough),
        Condition(10, "payment.payout.error.above_maximum", _is_not_too_much),
        Condition(11, "payment.payout.error.insufficient_balance", _is_there),
        Condition(12, TOO_EARLY, _is_seldom),
    )


LAST_OF_THE_PERSON = 7
"""The conditions after it are of the money."""


def judge(facts: Facts, config: Config, now: datetime) -> Refusal | None:
    """The first condition that does not hold. Those of the money only where it is known."""
    known = [each for each in conditions() if facts.purse is not None or each.number <= LAST_OF_THE_PERSON]
    return _first(known, facts, config, now)


def judge_standing(facts: Facts, config: Config, now: datetime) -> Refusal | None:
    """As ``judge``, of the conditions that a payout must meet until it is sent. The money must be known."""
    return _first([each for each in conditions() if each.standing], facts, config, now)


def judged(facts: Facts, config: Config, now: datetime) -> list[Judged]:
    """All 12 conditions, for who decides on a payout."""
    found = []
    for each in conditions():
        known = facts.purse is not None or each.number <= LAST_OF_THE_PERSON
        holds = each.broken(facts, config, now) is None if known else None
        found.append(Judged(each.number, each.code, holds, each.standing))
    return found


def require(refusal: Refusal | None) -> None:
    """Raises ApiError for a condition that does not hold."""
    if refusal is not None:
        raise refusal.error()


def _first(some: Sequence[Condition], facts: Facts, config: Config, now: datetime) -> Refusal | None:
    for each in some:
        broken = each.broken(facts, config, now)
        if broken is not None:
            return Refusal(each.number, each.code, broken)
    return None
