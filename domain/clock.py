"""The time, as all rooms that are not told it read it, and as answers write it."""

from datetime import UTC, datetime
from typing import overload
from uuid import UUID


def utc_now() -> datetime:
    return datetime.now(UTC)


def is_readable(text: str) -> bool:
    """Whether an ISO 8601 text is a moment of UTC within the years 1 to 9999."""
    try:
        datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return True


@overload
def timestamp(moment: datetime) -> str: ...


@overload
def timestamp(moment: datetime | None) -> str | None: ...


def timestamp(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds, as every answer writes times."""
    if moment is None:
        return None
    offset = moment.utcoffset()
    if offset or offset is None:
        moment = moment.astimezone(UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def uuid7(at: datetime, random: bytes) -> UUID:
    """An id that sorts by time (RFC 9562, 5.7). ``random``: 10 bytes."""
    milliseconds = int(at.timestamp() * 1000)
    bits = milliseconds << 80 | int.from_bytes(random)
    bits = bits & ~(0xF << 76) | 0x7 << 76
    return UUID(int=bits & ~(0x3 << 62) | 0x2 << 62)
