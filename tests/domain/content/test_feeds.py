"""Feeds are well-formed whatever posts say, and say it."""

import re
from datetime import UTC, datetime

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from domain.content.feeds import Feed, Item, write_atom, write_rss

FORMS = {"rss": write_rss, "atom": write_atom}
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
# All that PostgreSQL keeps in a text: neither U+0000 nor halves of pairs.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
GONE = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def parts(form: str, title: str, excerpt: str | None) -> dict[str, str]:
    """The texts of the one post, by the names of their elements."""
    feed = Feed("https://bio.re/blog", (Item("https://bio.re/blog/a", title, excerpt, WHEN, WHEN),))
    document = FORMS[form](feed, "https://api.bio.re/feed?a=1&b=2")
    root = etree.fromstring(document.encode())
    (post,) = root.xpath("//*[local-name() = 'item' or local-name() = 'entry']")
    return {etree.QName(node).localname: node.text or "" for node in post}


@pytest.mark.parametrize("form", FORMS)
@settings(deadline=None)
@given(title=TEXTS, excerpt=TEXTS)
def test_what_a_post_says_is_read_back(form: str, title: str, excerpt: str) -> None:
    found = parts(form, title, excerpt)
    assert found["title"] == as_read(title)
    if form == "atom":
        assert found["summary"] == as_read(excerpt)
    else:
        assert "<" not in found["description"]
        as_html = etree.fromstring(f"<p>{found['description']}</p>".encode()) if found["description"] else None
        assert (as_html.text if as_html is not None else "") == as_read(excerpt)


def as_read(text: str) -> str:
    """Readers of XML take every end of a line for the same."""
    return GONE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("form", FORMS)
def test_a_post_without_an_excerpt_has_no_empty_one(form: str) -> None:
    assert not parts(form, "A", None).keys() & {"description", "summary"}


@pytest.mark.parametrize("form", FORMS)
def test_readers_know_the_form(form: str) -> None:
    feed = Feed("https://bio.re/blog", (Item("https://bio.re/blog/a", "A", "B", WHEN, WHEN),))
    read = feedparser.parse(FORMS[form](feed, "https://api.bio.re/feed?a=1&b=2").encode())
    assert (read.version, read.bozo) == ({"rss": "rss20", "atom": "atom10"}[form], False)
    assert "https://api.bio.re/feed?a=1&b=2" in [link.href for link in read.feed.links]
