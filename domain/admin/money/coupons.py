"""Coupons as the staff writes and reads them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from domain.clock import timestamp
from domain.errors import ApiError
from domain.money.amounts import WHOLE, Money
from domain.presenting import presented
from domain.wire import admin as wire

SAME = {"code": "code", "type": "type", "appliesTo": "applies_to"}
CHANGEABLE = {"maxUses": "max_uses", "maxUsesPerUser": "max_uses_per_user", "active": "active"}
TIMES = {"startsAt": "starts_at", "endsAt": "ends_at"}
AMOUNTS = {"value": "value", "minPurchase": "min_purchase", "maxDiscount": "max_discount"}
LIMITS = ("max_uses", "max_uses_per_user")


def coupon_columns(body: wire.CreateCouponRequest) -> dict[str, Any]:
    """Raises ApiError admin.coupon.value_invalid."""
    given: Mapping[str, Any] = body
    columns = {column: given[field] for field, column in SAME.items()} | changed_columns(body)
    for field, column in AMOUNTS.items():
        if given.get(field) is not None:
            columns[column] = Money.parse(given[field]).minor
    percent = columns["type"] == "PERCENT"
    if not columns["value"] or (percent and columns["value"] > WHOLE) or columns.get("max_discount") == 0:
        raise ApiError("admin.coupon.value_invalid")
    return columns


def changed_columns(body: Mapping[str, Any]) -> dict[str, Any]:
    times = {
        column: datetime.fromisoformat(body[field]).astimezone(UTC) if body[field] is not None else None
        for field, column in TIMES.items()
        if field in body
    }
    return {column: body[field] for field, column in CHANGEABLE.items() if field in body} | times


def require_window(columns: Mapping[str, Any]) -> None:
    """Raises ApiError admin.coupon.window_invalid for a time that ends before it begins."""
    starts, ends = columns.get("starts_at"), columns.get("ends_at")
    if starts is not None and ends is not None and ends <= starts:
        raise ApiError("admin.coupon.window_invalid")


def lowers(coupon: Any, columns: Mapping[str, Any]) -> bool:
    """Whether a limit becomes lower; none is the highest."""
    present = {name: getattr(coupon, name) for name in LIMITS if columns.get(name) is not None}
    return any(limit is None or columns[name] < limit for name, limit in present.items())


def as_written(columns: Mapping[str, Any]) -> dict[str, Any]:
    """As an audit entry tells it: amounts in minor units."""
    return {name: timestamp(value) if isinstance(value, datetime) else value for name, value in columns.items()}


def coupon_view(coupon: Any) -> wire.Coupon:
    most = coupon.max_discount
    return presented(
        wire.Coupon,
        coupon,
        value=str(Money(coupon.value)),
        minPurchase=str(Money(coupon.min_purchase)),
        maxDiscount=None if most is None else str(Money(most)),
    )
