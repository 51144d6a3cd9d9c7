"""Feeds of the blog, as programs that read feeds take them.

Their times are of the posts, never of the writing, so that a feed in which nothing changed stays the same bytes.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape

from domain.clock import timestamp
from domain.config_keys import Config
from domain.content.feeds import Feed, Item
from domain.upload import API_URL

TITLE, DESCRIPTION, AUTHOR = "BIO.RE Blog", "News and guides from BIO.RE.", "BIO.RE"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
ATOM = "http://www.w3.org/2005/Atom"
# What no document of XML 1.0 may contain, however it is written.
FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class FeedWriter:
    """``paths``: where each form of the feed is found, below the address of the API."""

    def __init__(self, config: Config, paths: Mapping[str, str]) -> None:
        self._config = config
        self._paths = paths

    def address(self, form: str) -> str:
        return self._config[API_URL].rstrip("/") + self._paths[form]

    async def write(self, form: str, feed: Feed) -> str:
        """Off the event loop: texts may be long."""
        return await asyncio.to_thread(FORMS[form], feed, self.address(form))


def rss(feed: Feed, own: str) -> str:
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


def atom(feed: Feed, own: str) -> str:
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


FORMS: Mapping[str, Callable[[Feed, str], str]] = {"rss": rss, "atom": atom}


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
