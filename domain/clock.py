"""The time, as all rooms that are not told it read it."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)
