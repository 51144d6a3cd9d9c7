"""Payouts by which creators get what they earned: what is asked of a payout provider, and what it says.

A payout is tried by attempts. Each has a key of its own, and reserves the money anew; a provider that does not know
whether it paid is asked again for the same attempt, never for another one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple, get_args
from uuid import UUID, uuid4, uuid5

from domain.money.ledger import WalletName
from domain.wire import admin, common

Status = common.PayoutStatus
Method = common.PayoutMethod
METHODS: tuple[str, ...] = get_args(Method)
OPEN: tuple[Status, ...] = ("PENDING", "APPROVED", "PROCESSING")
"""A creator has one of these at most."""
UNSENT: tuple[Status, ...] = ("PENDING", "APPROVED")
"""Their money is reserved, and no provider was asked for them."""
NOT_COUNTED: tuple[Status, ...] = ("FAILED", "CANCELLED", "REJECTED")
"""Another one may be requested at once: of these the creator got nothing."""
News = Literal["requested", "cancelled", "stopped", "ended"]
"""What creators are told of: a request, their own cancellation, one by the platform, any other end without money."""
Why = Literal["BANK_DETAILS", "IDENTITY", "TAX_FORM", "DESTINATION"]
"""What stopped it: one of the first three is no longer so. DESTINATION: it ended where the creator is paid at."""
MOST_REPEATED = 8
AUTOMATIC_AT_ONCE = 100
"""Creators whose weekly payouts are looked for by one statement."""
Outcome = admin.StatedOutcome
"""What staff says that came of an attempt."""
AttemptState = admin.PayoutAttemptState
"""``SENDING``: nobody knows yet whether the provider has it. ``RETURNED``: it was paid, and came back."""


Failure = common.PayoutFailedFor
"""Why an attempt failed, or came back. With ``TREASURY_EMPTY`` it is tried again: that is nobody's fault."""
FAILURES: tuple[str, ...] = tuple(filter(None, get_args(Failure)))
OF_DESTINATION = frozenset({"DESTINATION_REJECTED", "DESTINATION_NEGATIVE", "RETURNED"})
"""Of these the creator can do something about."""


@dataclass(frozen=True, slots=True)
class PayoutOrder:
    """One attempt. ``account`` is the payout account at the provider, ``bank`` the details of a bank transfer:
    one of both is given. ``begun``: when the provider was asked first, where that is known.

    ``over``: it has ended here, or is about to. Nothing is begun for it any more, nothing is sent again, and what did
    not leave the provider yet is called off there.

    ``halted``: payouts are switched off. It is read how it is, and nothing leaves us or the provider for it.
    """

    payout_id: UUID
    attempt: int
    amount: int
    currency: str
    account: str | None = None
    bank: Mapping[str, str | None] | None = field(default=None, repr=False)
    begun: datetime | None = field(default=None, compare=False)
    over: bool = field(default=False, compare=False)
    halted: bool = field(default=False, compare=False)

    @property
    def key(self) -> str:
        """Under which the provider does it once."""
        return f"payout:{self.payout_id}:{self.attempt}"


@dataclass(frozen=True, slots=True)
class PayoutState:
    """How an attempt is at the provider. ``ref`` is its id there; ``reason`` a code of ours, where it failed.

    ``FAILED`` of what was ``PAID`` before is a return: providers do not know what we booked.

    ``fee``: what the provider asks for it, None until that is known.
    """

    ref: str
    state: Literal["SENT", "PAID", "FAILED", "RETURNED"]
    reason: str | None = None
    fee: int | None = None


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account is opened with. The provider is asked for the same one under the key of ``id``."""

    id: UUID
    email: str | None = field(repr=False)
    country: str | None = None

    @property
    def key(self) -> str:
        return f"account:{self.id}"


@dataclass(frozen=True, slots=True)
class AccountState:
    """How a payout account is at its provider by now.

    ``destination`` is the same as long as money goes to the same bank account: a hash of what the provider tells it by.
    None where that says nothing of it.
    """

    ref: str
    status: Literal["NOT_STARTED", "PENDING", "ACTIVE", "RESTRICTED", "DISABLED"]
    charges_enabled: bool = False
    payouts_enabled: bool = False
    details_submitted: bool = False
    destination: str | None = None


class Target(NamedTuple):
    """Where a payout goes, fixed when it is requested. ``destination`` is sealed."""

    method: Method
    provider: str
    account_id: UUID | None = None
    destination: bytes | None = None
    last4: str | None = None


class NewPayout(NamedTuple):
    id: UUID
    wallet: WalletName
    amount: int
    target: Target


def why_ended(failure: str | None) -> Why | None:
    """What its creator is told of why an attempt failed."""
    return "DESTINATION" if failure in OF_DESTINATION else None


def ids_of(request_id: UUID) -> list[UUID]:
    """Of the payouts that repetitions of a request may meet, in their order: the next begins when one has ended."""
    return [uuid5(request_id, f"payout:{number}") for number in range(MOST_REPEATED)]


def week_of(now: datetime) -> datetime:
    """When the week began: on Monday, in UTC."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


def automatic_id(user_id: UUID, week: datetime) -> UUID:
    """Of the payout that is requested by itself in a week: there is one at most."""
    return uuid5(user_id, f"payout:{week.date().isoformat()}")


def same_or_new(ids: Sequence[UUID], known: Mapping[UUID, Any], amount: int, method: str | None) -> tuple[UUID, Any]:
    """The payout that an earlier call of the same request made; None, and the id of a new one, where that has ended."""
    for payout_id in ids:
        payout = known.get(payout_id)
        if payout is None:
            return payout_id, None
        if payout.status in OPEN and payout.amount == amount and method in {None, payout.method}:
            return payout_id, payout
    return uuid4(), None


def destination_of(bank: Mapping[str, str | None], address: Mapping[str, str | None]) -> dict[str, Any]:
    """What is sealed of a bank transfer: the bank details, and the address of the tax form.

    The address stands there in one piece for files, and by its parts for providers that are asked.
    """
    flat = {f"address{name[0].upper()}{name[1:]}": value for name, value in address.items()}
    return dict(bank) | flat | {"address": dict(address)}
