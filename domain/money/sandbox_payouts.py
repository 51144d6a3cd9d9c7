"""A payout provider of our own, for development and staging: what a button of its pages does to its book.

It behaves as vendors do: an account takes money once it is enabled, and what was paid may come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from domain.money.payouts import AccountState
from domain.wire import dev

State = Literal["OPEN", "SUBMITTED", "ENABLED", "RESTRICTED", "DISABLED"]
Transfer = Literal["SENT", "PAID", "FAILED", "RETURNED"]
AccountAction = dev.PayoutAccountOutcome
TransferAction = dev.PayoutOutcome

FEE = 25
"""Of what was paid, whether it comes back or not."""
ACCOUNT_CHANGED = "account.changed"
TRANSFER_CHANGED = "payout.changed"

ACCOUNT_LABELS: Mapping[AccountAction, str] = {
    "submit": "Hand in", "enable": "Enable", "restrict": "Restrict", "disable": "Disable",
}  # fmt: skip
TRANSFER_LABELS: Mapping[TransferAction, str] = {"pay": "Pay", "fail": "Fail", "return": "Return"}

_MADE: Mapping[AccountAction, State] = {
    "submit": "SUBMITTED", "enable": "ENABLED", "restrict": "RESTRICTED", "disable": "DISABLED",
}  # fmt: skip
_OFFERED: Mapping[State, tuple[AccountAction, ...]] = {
    "OPEN": ("submit", "disable"),
    "SUBMITTED": ("enable", "restrict", "disable"),
    "ENABLED": ("restrict", "disable"),
    "RESTRICTED": ("enable", "disable"),
    "DISABLED": (),
}
_STATUSES: Mapping[State, Literal["PENDING", "ACTIVE", "RESTRICTED", "DISABLED"]] = {
    "OPEN": "PENDING", "SUBMITTED": "RESTRICTED", "ENABLED": "ACTIVE", "RESTRICTED": "RESTRICTED",
    "DISABLED": "DISABLED",
}  # fmt: skip
_BECOMES: Mapping[tuple[Transfer, TransferAction], Transfer] = {
    ("SENT", "pay"): "PAID", ("SENT", "fail"): "FAILED", ("PAID", "return"): "RETURNED",
}  # fmt: skip


def account_state(ref: str, state: State) -> AccountState:
    """How an account is, as every provider of the port tells it."""
    enabled = state == "ENABLED"
    return AccountState(ref, _STATUSES[state], enabled, enabled, details_submitted=state != "OPEN")


def account_actions(state: State) -> dict[str, str]:
    """What can be done to it, with its label."""
    return {action: ACCOUNT_LABELS[action] for action in _OFFERED[state]}


def account_after(state: State, action: str) -> State | None:
    """None for what cannot be done to it."""
    return next((_MADE[offered] for offered in _OFFERED[state] if offered == action), None)


def transfer_actions(state: Transfer) -> dict[str, str]:
    """What can be done to it, with its label."""
    return {action: TRANSFER_LABELS[action] for was, action in _BECOMES if was == state}


def transfer_after(state: Transfer, action: str) -> Transfer | None:
    """None for what cannot be done to it."""
    return next((made for (was, known), made in _BECOMES.items() if (was, known) == (state, action)), None)


def fee_of(state: Transfer) -> int | None:
    """None until it is known."""
    return FEE if state in ("PAID", "RETURNED") else None
