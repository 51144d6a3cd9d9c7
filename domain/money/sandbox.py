"""A payment provider of our own, for development and staging: what a button of its page does to its book.

It behaves as vendors do: what was paid can be given back or disputed, and a payment may come after its session ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from domain.money.amounts import share
from domain.money.movements import Kind as Moved
from domain.money.payments import RefundStatus, Status
from domain.wire import dev

State = Literal["OPEN", "PROCESSING", "PAID", "EXPIRED", "FAILED"]
Dispute = Literal["OPEN", "WON", "LOST"]
Kind = Literal["CHARGE", "FEE", "REFUND", "REFUND_FAILED", "DISPUTE", "DISPUTE_FEE", "REINSTATED"]
Action = dev.PaymentOutcome
Fault = Literal["DUPLICATE", "REORDER", "DROP", "TIMEOUT"]
"""What vendors do at times, and the sandbox where it is switched on: each notice comes twice; those of one button come
the last first, or not at all; what was asked for is done, and not answered."""
FAULTS: tuple[Fault, ...] = get_args(Fault)

FEE_BPS, FEE, DISPUTE_FEE = 290, 30, 1500
STATUSES: Mapping[State, Status] = {
    "OPEN": "OPEN", "PROCESSING": "OPEN", "PAID": "PAID", "EXPIRED": "EXPIRED", "FAILED": "FAILED",
}  # fmt: skip
"""``PROCESSING`` is paid by a method that takes days."""
KINDS: Mapping[Kind, Moved] = {
    "CHARGE": "PAID", "FEE": "FEE", "REFUND": "BACK", "REFUND_FAILED": "BACK", "DISPUTE": "BACK", "DISPUTE_FEE": "FEE",
    "REINSTATED": "BACK",
}  # fmt: skip
"""What a line of the book is to us."""
LABELS: Mapping[Action, str] = {
    "pay": "Pay", "pay_later": "Pay later", "decline": "Decline", "expire": "Expire", "charge_back": "Charge back",
    "win": "Win dispute", "lose": "Lose dispute", "refund": "Refund outside",
    "confirm_refund": "Confirm refund", "fail_refund": "Fail refund",
}  # fmt: skip
EVENTS: Mapping[Action, tuple[str, ...]] = {
    "pay": ("payment.paid",),
    "pay_later": ("payment.processing",),
    "decline": ("payment.failed",),
    "expire": ("payment.expired",),
    "charge_back": ("dispute.opened", "dispute.withdrawn"),
    "win": ("dispute.reinstated", "dispute.closed"),
    "lose": ("dispute.closed",),
    "refund": ("refund.created", "refund.updated"),
    "confirm_refund": ("refund.updated",),
    "fail_refund": ("refund.updated", "refund.failed"),
}


@dataclass(frozen=True, slots=True)
class Session:
    """A payment of the book with its refunds, the oldest first. ``disputed``: what a dispute took of it."""

    row: Any
    refunds: Sequence[Any]
    disputed: int = 0

    @property
    def left(self) -> int:
        """What can be given back, or disputed."""
        return int(self.row.amount - sum(each.amount for each in self.refunds if each.status != "FAILED"))

    def next_to(self, action: Action) -> Any:
        """The refund that a button is about: the oldest that is open, or to fail the newest that was made."""
        found = next((each for each in self.refunds if each.status == "OPEN"), None)
        if found is not None or action == "confirm_refund":
            return found
        return next((each for each in reversed(self.refunds) if each.status == "DONE"), None)


@dataclass(frozen=True, slots=True)
class Change:
    """What an action makes of a payment.

    ``moved``: new lines of the book, as what is owed to us more or less; ``refunds``: what becomes of those that there
    are; ``refunded``: what is given back without a question of ours.
    """

    status: State
    dispute: Dispute | None
    moved: tuple[tuple[Kind, int], ...] = ()
    refunds: Mapping[UUID, RefundStatus] = field(default_factory=dict)
    refunded: int = 0


def state_of(payment: Any, now: datetime) -> State:
    status: State = payment.status
    return "EXPIRED" if status == "OPEN" and payment.expires_at <= now else status


def actions(session: Session, now: datetime) -> list[Action]:
    """What can be done to it."""
    status, dispute = state_of(session.row, now), session.row.dispute
    if status == "OPEN":
        return ["pay", "pay_later", "decline", "expire"]
    if status == "PROCESSING":
        return ["pay", "decline"]
    if status == "EXPIRED":
        return ["pay"]
    if status == "FAILED":
        return []
    found: list[Action] = ["win", "lose"] if dispute == "OPEN" else []
    if dispute is None and session.left:
        found += ["charge_back", "refund"]
    refund_actions: tuple[Action, ...] = ("confirm_refund", "fail_refund")
    return found + [each for each in refund_actions if session.next_to(each) is not None]


def change(session: Session, action: Action, now: datetime) -> Change | None:
    """None for what cannot be done to it."""
    if action not in actions(session, now):
        return None
    row, left = session.row, session.left
    amount, status, dispute = row.amount, row.status, row.dispute
    if action in {"confirm_refund", "fail_refund"}:
        return _of_refund(row, session.next_to(action), action)
    changes: Mapping[Action, Change] = {
        "pay": Change("PAID", dispute, (("CHARGE", amount), ("FEE", -fee_of(amount)))),
        "pay_later": Change("PROCESSING", dispute),
        "decline": Change("FAILED", dispute),
        "expire": Change("EXPIRED", dispute),
        "charge_back": Change(status, "OPEN", (("DISPUTE", -left), ("DISPUTE_FEE", -DISPUTE_FEE))),
        "win": Change(status, "WON", (("REINSTATED", session.disputed),)),
        "lose": Change(status, "LOST"),
        "refund": Change(status, dispute, (("REFUND", -left),), refunded=left),
    }
    return changes[action]


def _of_refund(row: Any, refund: Any, action: Action) -> Change:
    moved: tuple[tuple[Kind, int], ...] = ()
    made: RefundStatus = "DONE" if action == "confirm_refund" else "FAILED"
    if made == "DONE":
        moved = (("REFUND", -refund.amount),)
    elif refund.status == "DONE":
        moved = (("REFUND_FAILED", refund.amount),)
    return Change(row.status, row.dispute, moved, {refund.id: made})


def refusal_of(session: Session, amount: int) -> str | None:
    """Why so much of it cannot be given back; None where it can."""
    if session.row.status != "PAID":
        return "the session is not paid"
    if session.row.dispute in {"OPEN", "LOST"}:
        return "the payment is disputed"
    return None if 0 < amount <= session.left else "there is not so much left of the payment"


def fee_of(amount: int) -> int:
    return FEE + share(amount, FEE_BPS)
