"""Payouts as staff sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.clock import timestamp
from domain.errors import ApiError
from domain.money.amounts import Money
from domain.money.bank_files import BANK_FILE
from domain.money.payout_approval import approvals, risks
from domain.presenting import presented
from domain.wire import admin as wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.money.payout_rules import Judged

MOST_ATTEMPTS = 100


def payout_view(row: Any) -> wire.AdminPayout:
    """``row``: the payout, and whose it is."""
    payout = row.Payout
    return presented(
        wire.AdminPayout,
        payout,
        username=row.username,
        displayName=row.display_name,
        amount=str(Money(payout.amount)),
        approvals=approvals(payout),
        requestedAt=timestamp(payout.created_at),
    )


def payout_in_full(
    row: Any, conditions: Sequence[Judged], facts: Any, attempts: Sequence[Any]
) -> wire.AdminPayoutInFull:
    return {
        "payout": payout_view(row),
        "conditions": [
            {"code": each.code, "holds": bool(each.holds), "standing": each.standing} for each in conditions
        ],
        "risks": risks(facts),
        "attempts": [_attempt(attempt) for attempt in attempts],
    }


def _attempt(row: Any) -> wire.PayoutAttempt:
    fee = None if row.fee is None else str(Money(row.fee))
    return presented(wire.PayoutAttempt, row, fee=fee, beganAt=timestamp(row.created_at), statement=_statement(row))


def _statement(row: Any) -> wire.PayoutStatement | None:
    if row.stated is None:
        return None
    return {
        "outcome": row.stated,
        "evidence": row.evidence,
        "statedBy": str(row.stated_by),
        "confirmedBy": None if row.confirmed_by is None else str(row.confirmed_by),
    }


def require_at_provider(payout: Any) -> None:
    """Raises ApiError admin.payout.by_file for one that staff takes to the bank, and marks."""
    if payout.provider == BANK_FILE:
        raise ApiError("admin.payout.by_file")


def decided_view(payout: Any) -> wire.PayoutDecided:
    return {"status": payout.status, "approvals": approvals(payout)}
