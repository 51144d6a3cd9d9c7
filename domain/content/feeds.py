"""The feeds of the blog, as programs that read feeds take them.

Their times are of the posts, never of the writing, so that a feed in which nothing changed stays the same bytes.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import Any, NamedTuple

from domain.clock import timestamp

TITLE, DESCRIPTION, AUTHOR = "BIO.RE Blog", "News and guides from BIO.RE.", "BIO.RE"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
ATOM = "http://www.w3.org/2005/Atom"
# What no document of XML 1.0 may contain, however it is written.
FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
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


def write_rss(feed: Feed, own: str) -> str:
    """RSS 2.0."""
    told = (
        _text("title", TITLE),
        _text("link", feed.url),
        _text("description", DESCRIPTION),
        _element("atom:link", href=own, rel="self", type="application/rss+xml"),
        _text("lastBuildDate", _long(feed.updated_at)),
        *map(_item, feed.items),
    )
    return HEAD + _element("rss", [_element("channel", told)], **{"version": "2.0", "xmlns:atom": ATOM})


def _item(item: Item) -> str:
    told = [_text("title", item.title), _text("link", item.url), _text("guid", item.url, isPermaLink="true")]
    if item.excerpt is not None:
        # Readers take a description for HTML, so it is escaped, and then cannot end its section either.
        told.append(_element("description", [f"<![CDATA[{_escaped(item.excerpt)}]]>"]))
    return _element("item", [*told, _text("pubDate", _long(item.published_at))])


def write_atom(feed: Feed, own: str) -> str:
    """Atom 1.0 (RFC 4287)."""
    told = (
        _text("id", feed.url),
        _text("title", TITLE),
        _text("updated", timestamp(feed.updated_at)),
        _element("author", [_text("name", AUTHOR)]),
        _element("link", href=own, rel="self", type="application/atom+xml"),
        _element("link", href=feed.url, rel="alternate", type="text/html"),
        *map(_entry, feed.items),
    )
    return HEAD + _element("feed", told, xmlns=ATOM)


def _entry(item: Item) -> str:
    told = [
        _text("id", item.url),
        _text("title", item.title),
        _element("link", href=item.url, rel="alternate", type="text/html"),
        _text("published", timestamp(item.published_at)),
        _text("updated", timestamp(item.updated_at)),
    ]
    return _element("entry", told if item.excerpt is None else [*told, _text("summary", item.excerpt)])


def _element(name: str, inside: Iterable[str] = (), **attributes: str) -> str:
    told = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return f"<{name}{told}>{''.join(inside)}</{name}>"


def _text(name: str, text: str, **attributes: str) -> str:
    return _element(name, [_escaped(text)], **attributes)


def _escaped(text: str) -> str:
    return escape(FORBIDDEN.sub("", text), quote=False)


def _long(moment: datetime) -> str:
    """As RSS writes times."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
