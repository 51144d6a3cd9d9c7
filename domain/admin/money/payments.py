"""Payments as staff sees them, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from domain.money.amounts import Money
from domain.money.payments import PLATFORM
from domain.presenting import presented
from domain.wire import admin as wire


def payment_view(row: Any, user_id: Any) -> wire.Payment:
    amounts = {name: str(Money(getattr(row, name))) for name in ("amount", "refunded", "disputed")}
    fee = None if row.fee is None else str(Money(row.fee))
    return presented(wire.Payment, row, userId=str(user_id), fee=fee, **amounts)


def refund_view(row: Any) -> wire.PaymentRefund:
    by = None if row.requested_by in (None, PLATFORM) else str(row.requested_by)
    return presented(
        wire.PaymentRefund, row, amount=str(Money(row.amount)), failureReason=row.failed_for, requestedBy=by
    )


def dispute_view(row: Any) -> wire.PaymentDispute:
    return presented(wire.PaymentDispute, row, amount=str(Money(row.amount)))


def payment_in_full(found: Any, refunds: Sequence[Any], disputes: Sequence[Any]) -> wire.PaymentInFull:
    return {
        "payment": payment_view(found.Payment, found.user_id),
        "refunds": [refund_view(row) for row in refunds],
        "disputes": [dispute_view(row) for row in disputes],
    }


def stray_view(row: Any, now: datetime) -> wire.Stray:
    return presented(wire.Stray, row, amount=str(Money(row.amount)), ageDays=max(0, (now - row.created_at).days))
