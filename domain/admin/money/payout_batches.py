"""Batches of bank transfers as the staff sees and makes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.errors import ApiError, transition_invalid
from domain.money.amounts import Money
from domain.money.bank_files import BANK_FILE
from domain.presenting import presented
from domain.wire import admin as wire


def require_by_file(payout: Any) -> None:
    """Raises ApiError admin.payout.not_by_file."""
    if payout.provider != BANK_FILE:
        raise ApiError("admin.payout.not_by_file")


def require_status(payout: Any, needed: str, wanted: str) -> None:
    """Raises ApiError admin.transition_invalid."""
    if payout.status != needed:
        raise transition_invalid(payout.status, wanted)


def require_markable(payout: Any, wanted: str) -> None:
    """One that is under way; one that was made may still come back.

    Raises ApiError admin.transition_invalid.
    """
    if payout.status != "PROCESSING" and (payout.status, wanted) != ("PROCESSED", "FAILED"):
        raise transition_invalid(payout.status, wanted)


def require_other(by: UUID, made_by: UUID) -> None:
    """Who sends money does not also say that it came back. Raises ApiError admin.payout.second_person."""
    if by == made_by:
        raise ApiError("admin.payout.second_person")


def batch_view(row: Any) -> wire.PayoutBatch:
    return presented(wire.PayoutBatch, row, amount=str(Money(row.amount)))


def batch_in_full(row: Any, payouts: Sequence[Any]) -> wire.PayoutBatchInFull:
    return {"batch": batch_view(row), "payouts": [payout_view(payout) for payout in payouts]}


def payout_view(row: Any) -> wire.BatchedPayout:
    return presented(wire.BatchedPayout, row, amount=str(Money(row.amount)))
