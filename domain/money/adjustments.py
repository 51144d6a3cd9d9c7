"""Corrections of balances, which two people of the staff make."""

from __future__ import annotations

from uuid import UUID

from domain.errors import ApiError
from domain.money.amounts import Money
from domain.wire import admin as wire

Status = wire.AdjustmentStatus
Code = wire.AdjustmentAccount
GOODWILL = "goodwill"


def amount_of(text: str) -> Money:
    """``10.00`` or ``-10.00``."""
    amount = Money.parse(text.removeprefix("-"))
    return Money(-amount.minor) if text.startswith("-") else amount


def require_other(by: UUID, *people: UUID) -> None:
    """Raises ApiError admin.adjustment.own for who asked for it, and for whose wallet it is."""
    if by in people:
        raise ApiError("admin.adjustment.own")
