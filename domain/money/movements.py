"""What a provider says that moved in its own book, day by day, and how that is compared with ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal

from domain.money import flows
from domain.money.books import Finding

if TYPE_CHECKING:
    from domain.money.ledger import Transfer

Kind = Literal["PAID", "BACK", "FEE", "PAYOUT", "SETTLED", "COST", "OTHER"]
"""``PAID``: a payer paid. ``BACK``: money of a payment went back or was taken, or came here again. ``FEE``: of a
payment or a payout. ``PAYOUT``: a creator was paid, or it came back. ``SETTLED``: it went to our bank. ``COST``: what
the provider asks for besides. ``OTHER``: what no flow of ours is about.
"""
SETTLED_AFTER = timedelta(hours=6)
"""After its end, when a day is read: by then a provider lists all of it, and what it told of is booked."""
LOOKED_AT_FIRST = timedelta(minutes=30)
"""For so long what differs is looked at, as after a notice, before it is compared."""
MOST_LINES = 100_000
"""Of a day: a provider that lists more cannot be compared."""
MOST_DAYS = 31
"""That are read of one provider in one run."""
MOST_DIFFERENCES = 1000


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of a provider's book: what it owes us more, or less, in minor units.

    ``ref``: by what the provider knows the payment, the payout, or the line itself where it is about neither.
    """

    ref: str
    kind: Kind
    amount: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one thing at a provider: what it says that moved in all, and what the books say. 0 is nothing."""

    ref: str
    kind: Kind
    theirs: int
    ours: int


def begin_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def end_of(day: date) -> datetime:
    return begin_of(day + timedelta(days=1))


def last_settled(now: datetime) -> date:
    """The last day that is read by now."""
    return (now.astimezone(UTC) - SETTLED_AFTER).date() - timedelta(days=1)


def posting_of(provider: str, difference: Difference) -> Transfer | None:
    """What only a provider's book tells of is booked by it, once; anything else is for people."""
    if difference.ours or difference.theirs > 0:
        return None
    if difference.kind == "SETTLED":
        return flows.settled(provider, difference.ref, -difference.theirs)
    return flows.charged(provider, difference.ref, -difference.theirs) if difference.kind == "COST" else None


def finding_of(account: str, difference: Difference) -> Finding:
    """``account``: in which the books have what lies at the provider."""
    theirs, ours = difference.theirs, difference.ours
    if not ours:
        check = "movement_in" if theirs > 0 else "movement_out"
    else:
        check = "movement_differs" if theirs else "movement_unknown"
    what = f"{account} {difference.kind} {difference.ref}"
    return Finding(check, what, f"{theirs} as the provider says", f"{ours} in the books")
