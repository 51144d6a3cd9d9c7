"""Creators and featured entries as the staff writes and reads them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from domain.admin.users import Search
from domain.clock import timestamp
from domain.errors import ApiError
from domain.presenting import presented
from domain.wire import admin as wire

PROFILE = {"level": "level", "discoverExcluded": "discover_excluded"}
TIMES = {"startsAt": "starts_at", "endsAt": "ends_at"}


class Filters(NamedTuple):
    """What a list of creators is narrowed by; None for what it is not."""

    search: Search | None = None
    level: str | None = None
    kyc_status: str | None = None
    creator_status: str | None = None
    category: str | None = None
    excluded: bool | None = None


def profile_columns(body: Mapping[str, Any]) -> dict[str, Any]:
    return {column: body[field] for field, column in PROFILE.items() if field in body}


def creator_view(row: Any) -> wire.Creator:
    return presented(wire.Creator, row, version=row.admin_version)


def entry_columns(body: Mapping[str, Any]) -> dict[str, Any]:
    times = {
        column: datetime.fromisoformat(body[field]).astimezone(UTC) if body[field] is not None else None
        for field, column in TIMES.items()
        if field in body
    }
    return times | ({"position": body["position"]} if "position" in body else {})


def require_window(columns: Mapping[str, Any]) -> None:
    """Raises ApiError admin.featured.window_invalid for a time that ends before it begins."""
    starts, ends = columns.get("starts_at"), columns.get("ends_at")
    if starts is not None and ends is not None and ends <= starts:
        raise ApiError("admin.featured.window_invalid")


def as_written(columns: Mapping[str, Any]) -> dict[str, Any]:
    """As an audit entry tells it."""
    return {name: timestamp(value) if isinstance(value, datetime) else value for name, value in columns.items()}


def entry_view(row: Any) -> wire.FeaturedEntry:
    return presented(wire.FeaturedEntry, row)
