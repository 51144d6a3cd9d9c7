"""A payment provider of our own, for development and staging: what a button of its page does to its book.

It behaves as vendors do: what was paid can be given back or disputed, and a payment may come after its session ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from domain.money.amounts import share
from domain.money.payments import Status

State = Literal["OPEN", "PROCESSING", "PAID", "EXPIRED", "FAILED"]
Dispute = Literal["OPEN", "WON", "LOST"]
Kind = Literal["CHARGE", "FEE", "REFUND", "DISPUTE", "DISPUTE_FEE", "REINSTATED"]
Action = Literal["pay", "pay_later", "decline", "expire", "charge_back", "win", "lose", "refund"]

FEE_BPS, FEE, DISPUTE_FEE = 290, 30, 1500
STATUSES: Mapping[State, Status] = {
    "OPEN": "OPEN", "PROCESSING": "OPEN", "PAID": "PAID", "EXPIRED": "EXPIRED", "FAILED": "FAILED",
}  # fmt: skip
"""``PROCESSING`` is paid by a method that takes days."""
LABELS: Mapping[Action, str] = {
    "pay": "Pay", "pay_later": "Pay later", "decline": "Decline", "expire": "Expire", "charge_back": "Charge back",
    "win": "Win dispute", "lose": "Lose dispute", "refund": "Refund outside",
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
}


@dataclass(frozen=True, slots=True)
class Change:
    """What an action makes of a payment; ``moved``: new lines of the book, as what is owed to us more or less."""

    status: State
    dispute: Dispute | None
    moved: tuple[tuple[Kind, int], ...] = ()


def state_of(payment: Any, now: datetime) -> State:
    status: State = payment.status
    return "EXPIRED" if status == "OPEN" and payment.expires_at <= now else status


def actions(payment: Any, now: datetime) -> list[Action]:
    """What can be done to it."""
    status = state_of(payment, now)
    if status == "OPEN":
        return ["pay", "pay_later", "decline", "expire"]
    if status == "PROCESSING":
        return ["pay", "decline"]
    if status == "EXPIRED":
        return ["pay"]
    if status == "FAILED":
        return []
    if payment.dispute == "OPEN":
        return ["win", "lose"]
    return ["charge_back", "refund"] if payment.dispute is None and not payment.refunded else []


def change(payment: Any, action: Action, now: datetime) -> Change | None:
    """None for what cannot be done to it."""
    if action not in actions(payment, now):
        return None
    amount, status, dispute = payment.amount, payment.status, payment.dispute
    changes: Mapping[Action, Change] = {
        "pay": Change("PAID", dispute, (("CHARGE", amount), ("FEE", -fee_of(amount)))),
        "pay_later": Change("PROCESSING", dispute),
        "decline": Change("FAILED", dispute),
        "expire": Change("EXPIRED", dispute),
        "charge_back": Change(status, "OPEN", (("DISPUTE", -amount), ("DISPUTE_FEE", -DISPUTE_FEE))),
        "win": Change(status, "WON", (("REINSTATED", amount),)),
        "lose": Change(status, "LOST"),
        "refund": Change(status, dispute, (("REFUND", -amount),)),
    }
    return changes[action]


def fee_of(amount: int) -> int:
    return FEE + share(amount, FEE_BPS)
