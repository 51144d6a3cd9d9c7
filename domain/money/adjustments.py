"""Corrections of balances, which two people of the staff make."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from domain.clock import timestamp
from domain.errors import ApiError
from domain.money.amounts import Money
from domain.wire import admin as wire

Status = wire.AdjustmentStatus
Code = wire.AdjustmentAccount
GOODWILL, DISPUTE_LOSS, DEBT = "goodwill", "dispute_loss", "debt"
WRITE_OFF_AFTER = timedelta(days=180)
"""Debt that has stood for so long may be given up. Until then its owner is told of it, and what comes in pays it."""
DEBT_TOLD_AFTER = (timedelta(0), timedelta(days=1), timedelta(days=7), timedelta(days=14))


def amount_of(text: str) -> Money:
    """``10.00`` or ``-10.00``."""
    amount = Money.parse(text.removeprefix("-"))
    return Money(-amount.minor) if text.startswith("-") else amount


def require_other(by: UUID, *people: UUID) -> None:
    """Raises ApiError admin.adjustment.own for who asked for it, and for whose wallet it is."""
    if by in people:
        raise ApiError("admin.adjustment.own")


class Debt(NamedTuple):
    """``since`` when there is any. ``number``: of the entry that began it, which no other debt of the wallet has."""

    amount: int
    since: datetime
    number: int


def are_a_pair(account: str, contra: str) -> bool:
    """Debt, and nothing else, is given up as a loss."""
    return (account == DEBT) == (contra == DISPUTE_LOSS)


def require_due(debt: Debt | None, amount: int, now: datetime) -> None:
    """So much of it may be given up. Raises ApiError admin.wallet.insufficient and admin.debt.too_early."""
    if debt is None or not 0 < amount <= debt.amount:
        raise ApiError("admin.wallet.insufficient")
    due = debt.since + WRITE_OFF_AFTER
    if now < due:
        raise ApiError("admin.debt.too_early", availableAt=timestamp(due))
