"""The feeds of the blog."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

MOST = 20
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a blog without posts was changed last."""


class Item(NamedTuple):
    url: str
    title: str
    excerpt: str | None
    published_at: datetime
    updated_at: datetime


class Feed(NamedTuple):
    url: str
    items: tuple[Item, ...]

    @property
    def updated_at(self) -> datetime:
        return max((item.updated_at for item in self.items), default=NEVER)


def feed_of(base_url: str, rows: Iterable[Any]) -> Feed:
    """``rows`` of posts, the newest first."""
    url = f"{base_url.rstrip('/')}/blog"
    told = (
        Item(f"{url}/{row.slug}", row.title, row.excerpt, row.published_at, max(row.published_at, row.updated_at))
        for row in rows
    )
    return Feed(url, tuple(told))
