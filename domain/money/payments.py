"""Payments by which money comes in: what is asked of a payment provider, and what it says.

A provider is asked for one session of each payment, under a key that is made from the payment. What it tells of itself
is a hint to look; what it says when it is asked is made true here, as far as it is not yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, get_args
from uuid import UUID, uuid5

from domain.wire import admin, common

Status = common.LoadStatus
Misfit = admin.PaymentMisfit
"""Why money that came could not be given to the wallet."""
MISFITS: tuple[str, ...] = tuple(filter(None, get_args(Misfit)))

RefundStatus = admin.RefundStatus
RefundFailedFor = admin.RefundFailedFor
REFUND_FAILED_FOR: tuple[str, ...] = tuple(filter(None, get_args(RefundFailedFor)))
REFUND_ORDER: tuple[RefundStatus, ...] = ("OPEN", "DONE", "FAILED")
"""A refund only moves on in this order: what is told late changes nothing."""

StrayState = admin.StrayState

SESSION_LIFE = timedelta(hours=1)
UNBOUND_AGAIN = timedelta(minutes=2)
"""After this long without an answer of the provider the same is asked again."""
ASKED_AGAIN_FOR = timedelta(hours=24)
"""For so long a provider knows the key of what it was asked: later the same question could make a second session."""
OPEN_AGAIN = timedelta(minutes=10)
REFUSED_AGAIN = timedelta(days=1)
"""Until a provider is asked again that said it has no such session."""
SETTLED_AGAIN = timedelta(hours=1)
LOOKED_AT_FOR = timedelta(days=180)
"""For so long a payment may still be refunded or disputed, and a notice of it be lost."""
MOST_REPEATED = 8
PLATFORM = UUID(int=0)
"""Who asked for a refund that nobody of the staff did."""


@dataclass(frozen=True, slots=True)
class Order:
    """``payment_id`` travels with the session, so that whatever the provider says later finds its payment."""

    payment_id: UUID
    amount: int
    currency: str
    return_url: str
    expires_at: datetime

    @property
    def key(self) -> str:
        """Under which the provider gives the same session again."""
        return f"payment:{self.payment_id}"


@dataclass(frozen=True, slots=True)
class Checkout:
    """A session at the provider: its id there, the page on which it is paid, and until when."""

    ref: str
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """A refund that we ask for. ``refund_id`` travels with it, so that it is known again when the provider tells."""

    refund_id: UUID
    ref: str
    """The session."""
    amount: int
    currency: str

    @property
    def key(self) -> str:
        return f"refund:{self.refund_id}"


@dataclass(frozen=True, slots=True)
class RefundState:
    """Money that the provider gives back: ``OPEN`` until it is on its way for good, and one that was ``DONE`` may still
    become ``FAILED``. ``refund_id`` is what we gave it to remember, None where we did not ask for it.
    """

    ref: str
    amount: int
    status: RefundStatus = "DONE"
    refund_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class DisputeState:
    """``taken``: the provider has taken the money from us; ``returned``: it came back. ``fee``: what it asks for it."""

    ref: str
    amount: int
    taken: bool
    returned: bool
    closed: bool
    fee: int = 0


@dataclass(frozen=True, slots=True)
class PaymentState:
    """How a session is at the provider by now. ``payment_id`` is what we gave it; ``fee`` is None until it is known.

    ``alias``: another name of the session, by which the provider tells of it, where it has one.
    """

    ref: str
    payment_id: UUID | None
    status: Status
    amount: int
    currency: str
    fee: int | None = None
    refunds: tuple[RefundState, ...] = ()
    disputes: tuple[DisputeState, ...] = ()
    alias: str | None = None
    warned: bool = False
    """Whether the bank of who paid says that it may have been somebody else, and nothing came of that yet."""


def went_back(state: PaymentState) -> int:
    """What of the money is gone for good. Of a dispute that is open nobody knows yet."""
    made = sum(refund.amount for refund in state.refunds if refund.status == "DONE")
    return made + sum(each.amount for each in state.disputes if each.taken and each.closed and not each.returned)


def away(state: PaymentState) -> int:
    """What of the money is not at the provider by now: what was taken for a dispute that is open, too."""
    made = sum(refund.amount for refund in state.refunds if refund.status == "DONE")
    return made + sum(each.amount for each in state.disputes if each.taken and not each.returned)


def has_failed(state: PaymentState, refund_id: UUID | None) -> bool:
    """Whether the provider says so of a refund that we asked for."""
    return any(each.refund_id == refund_id and each.status == "FAILED" for each in state.refunds)


def goes_back(state: PaymentState) -> bool:
    """Whether some of the money went back, or is about to: gifts that came of it are taken back then."""
    return any(refund.status != "FAILED" for refund in state.refunds) or any(each.taken for each in state.disputes)


def order_of(payment: Any) -> Order:
    """What the provider of a payment is asked for."""
    return Order(payment.id, payment.amount, payment.currency, payment.return_url, payment.expires_at)


def refund_order(refund: Any, session: str, currency: str) -> RefundOrder:
    """What the provider of a payment is asked to give back."""
    return RefundOrder(refund.id, session, refund.amount, currency)


def reference_of(stray: Any) -> str:
    """By what the ledger knows money that fits nothing. What came back after it went is other money there."""
    ref: str = stray.ref
    return f"{ref}:{stray.came_back}" if stray.came_back else ref


def outside_reference(stray: Any) -> str:
    """By what the ledger knows that it went back after staff had given it to a wallet: each time is another."""
    ref: str = stray.ref
    return f"{ref}:{stray.undone}" if stray.undone else ref


def return_order(stray: Any) -> RefundOrder:
    """What a provider is asked for that shall give back money which fits nothing."""
    return RefundOrder(stray.refund_id, stray.ref, stray.amount, stray.currency)


def ids_of(request_id: UUID) -> list[UUID]:
    """Of the payments that repetitions of a request may meet, in their order: the next begins when one has ended."""
    return [uuid5(request_id, f"payment:{number}") for number in range(MOST_REPEATED)]


def next_look(status: str, age: timedelta) -> timedelta | None:
    """After how long the provider is asked again for a payment that it knows; None for one that is too old to change.

    What has ended is looked at ever more rarely.
    """
    if status == "OPEN":
        return OPEN_AGAIN
    return max(SETTLED_AGAIN, age) if age < LOOKED_AT_FOR else None
