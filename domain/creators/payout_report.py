"""How creators see their payouts."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from domain.clock import timestamp
from domain.errors import ApiError
from domain.money.amounts import Money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.wire import payouts as wire

MOST_SHOWN = 500
# Not ``\d``, which takes digits of all scripts.
MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
BEGINNING, END = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


def months_of(month: str | None) -> tuple[datetime, datetime]:
    """From when and until when, in UTC. Raises ApiError payment.payout.error.invalid_month."""
    if month is None:
        return BEGINNING, END
    found = MONTH.fullmatch(month)
    if found is None:
        raise ApiError("payment.payout.error.invalid_month")
    year, number = int(found[1]), int(found[2])
    if not BEGINNING.year <= year < END.year:
        return END, END  # a month of the form, in which there was nothing
    return datetime(year, number, 1, tzinfo=UTC), datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)


def payout_view(payout: Any) -> wire.Payout:
    return {
        "payoutId": str(payout.id),
        "amount": str(Money(payout.amount)),
        "currency": payout.currency,
        "method": payout.method,
        "status": payout.status,
        "failureReason": payout.failure_reason,
        "requestedAt": timestamp(payout.created_at),
        "processedAt": timestamp(payout.processed_at),
    }


def report_view(rows: Sequence[Any], total: int, count: int) -> wire.PayoutReport:
    return {"payouts": [payout_view(row) for row in rows], "total": Money(total).major, "count": count}
