"""Who looked at a page, and where from: as much as a creator may know, and nothing that names a person."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias
from urllib.parse import urlsplit
from uuid import UUID

from domain.config_keys import IntKey

# All visits of yesterday must be there when its sums are compared with them: so no fewer days than two.
RAW_RETENTION_DAYS = IntKey(
    "analytics.raw_retention_days",
    90,
    "days for which single visits of bio pages are stored; sums are kept for 25 months",
    2,
    760,
)
SUMS_KEPT = timedelta(days=761)
DIMENSIONS = ("referrer", "device", "country", "link")
VALUES_PER_DAY = 200
"""Values of one dimension that a page keeps apart on one day: whoever makes up referrers cannot fill the table."""
OTHERS = "(other)"
DIRECT = "(direct)"
UNKNOWN = "(unknown)"
VISITOR_BYTES = 16
LONGEST_HOST = 253


Values: TypeAlias = tuple[tuple[str, str], ...]


class Uncounted(StrEnum):
    """Why a visit is not counted. Whoever sent it is told nothing of it."""

    BOT = "bot"
    OWNER = "owner"
    UNKNOWN = "unknown"
    OVERLOAD = "overload"
    OUTAGE = "outage"


@dataclass(frozen=True, slots=True)
class Visit:
    """One view, or one click on ``link_id``. ``by``: the creator profile of the caller, where one is signed in.

    ``visitor``: what tells visitors of the page and the day apart.
    """

    id: UUID
    at: datetime
    page_id: UUID
    link_id: UUID | None
    by: UUID | None
    visitor: bytes
    device: str
    referrer: str | None
    country: str | None

    @property
    def values(self) -> Values:
        """Dimensions in which it is summed, each with its value."""
        return values_of(self.link_id, self.device, self.referrer, self.country)


def values_of(link_id: UUID | None, device: str, referrer: str | None, country: str | None) -> Values:
    if link_id is not None:
        return (("link", str(link_id)),)
    return (("country", country or UNKNOWN), ("device", device), ("referrer", referrer or DIRECT))


def visitor_of(salt: bytes, page_id: UUID, *told: str) -> bytes:
    """The same person on the same page and day gives the same bytes; once the salt is gone they are nobody's."""
    message = page_id.bytes + "\0".join(told).encode()
    return hmac.digest(salt, message, hashlib.sha256)[:VISITOR_BYTES]


def referring_host(referrer: str | None, own_hosts: frozenset[str]) -> str | None:
    """The host of the page that led here, in lower case without ``www.``; None where there is none or it is ours."""
    try:
        parts = urlsplit((referrer or "").strip())
        host = parts.hostname or ""
    except ValueError:
        return None
    host = host.removeprefix("www.").rstrip(".")
    if parts.scheme not in ("http", "https") or not 0 < len(host) <= LONGEST_HOST or not host.isprintable():
        return None
    return None if host in own_hosts else host
