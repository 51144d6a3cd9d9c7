"""Feeds are read back as programs that subscribe to them read them."""

from datetime import UTC, datetime
from typing import Any

import feedparser
import pytest
from lxml import etree

from domain.content import CANONICAL_BASE_URL
from tests.content import day, published
from tests.handlers.support import statements
from tests.harness import Api, Server

FORMS = ("rss", "atom")
each = pytest.mark.parametrize("form", FORMS)
# Of every plane of characters, what markup is made of, and what no document may contain.
NASTY = "a < b & c ]]> <script>x</script> \x00\x08\x0b\x1f\x7f\ufffe\uffff \U0001f600 é"
STAYS = "a < b & c ]]> <script>x</script> \x7f \U0001f600 é"


def read(api: Api, form: str) -> Any:
    response = api.call(f"content.feeds.{form}")
    assert response.status_code == 200
    etree.fromstring(response.content)
    found = feedparser.parse(response.content, sanitize_html=False)
    assert not found.bozo, found.get("bozo_exception")
    return found


class TestBoth:
    @each
    def test_the_newest_twenty_are_in_it(self, server: Server, api: Api, form: str) -> None:
        for number in range(1, 23):
            published(server, "post", f"post-{number}", at=day(number), title=f"Post {number}", excerpt="Short.")
        published(server, "page", "about", at=day(30))
        feed = read(api, form)
        assert [entry.title for entry in feed.entries] == [f"Post {number}" for number in range(22, 2, -1)]
        newest = feed.entries[0]
        assert newest.link == newest.id == "https://bio.re/blog/post-22"
        assert (newest.summary, newest.published_parsed[:6]) == ("Short.", (2026, 1, 22, 0, 0, 0))
        assert (feed.feed.title, feed.feed.link) == ("BIO.RE Blog", "https://bio.re/blog")
        own = [link.href for link in feed.feed.links if link.rel == "self"]
        assert own == [
            server.origin + api.server.app.parts.contract.base_path + api.policy(f"content.feeds.{form}").path
        ]

    @each
    def test_what_did_not_change_is_the_same_bytes(self, server: Server, api: Api, form: str) -> None:
        published(server, "post", "one", at=day(3), columns={"updated_at": day(5)})
        published(server, "post", "two", at=day(4))
        first = api.call(f"content.feeds.{form}")
        told = f"content.feeds.{form}"
        assert first.headers["cache-control"] == "public, s-maxage=900, stale-while-revalidate=1800"
        assert first.headers["content-type"] == f"application/{form}+xml; charset=utf-8"
        with statements(server) as asked:
            again = api.call(told, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, asked) == (304, [])
        server.app.editions.forget()
        assert api.call(told).content == first.content
        assert read(api, form).feed.updated_parsed[:6] == (2026, 1, 5, 0, 0, 0)

    @each
    def test_a_blog_without_posts_has_a_feed(self, api: Api, form: str) -> None:
        feed = read(api, form)
        assert (feed.entries, feed.feed.updated_parsed[:6]) == ([], (1970, 1, 1, 0, 0, 0))

    @each
    def test_hostile_texts_survive(self, server: Server, api: Api, form: str) -> None:
        nasty = NASTY.replace("\x00", "")  # which PostgreSQL has no texts with
        published(server, "post", "nasty", title=nasty, excerpt=nasty, columns={"title": nasty, "excerpt": nasty})
        document = etree.fromstring(api.call(f"content.feeds.{form}").content)
        texts = {etree.QName(node).localname: node.text for node in document.iter() if node.text}
        assert texts["title"] == STAYS
        escaped = STAYS.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        assert texts.get("description", texts.get("summary")) == (escaped if form == "rss" else STAYS)

    @each
    def test_a_megabyte_survives(self, server: Server, api: Api, form: str) -> None:
        words = "]]>& " * 200_000
        published(server, "post", "long", html=f"<p>{words}</p>", columns={"excerpt": words})
        (entry,) = read(api, form).entries
        assert len(entry.summary) >= 999_000

    @each
    def test_its_links_begin_with_the_address_of_the_site(self, server: Server, api: Api, form: str) -> None:
        published(server, "post", "one")
        assert read(api, form).entries[0].link == "https://bio.re/blog/one"
        server.configure(**{CANONICAL_BASE_URL.name: "https://example.com/"})
        assert read(api, form).entries[0].link == "https://example.com/blog/one"


class TestRss:
    def test_it_is_written_as_readers_want_it(self, server: Server, api: Api) -> None:
        published(server, "post", "one", excerpt="A & B")
        published(server, "post", "two", at=day(2))
        body = api.call("content.feeds.rss").text
        assert '<guid isPermaLink="true">https://bio.re/blog/one</guid>' in body
        assert "<description><![CDATA[A &amp; B]]></description>" in body
        assert "<pubDate>Thu, 01 Jan 2026 00:00:00 GMT</pubDate>" in body
        assert body.count("<description>") == 2

    def test_a_moment_of_another_zone_is_written_in_utc(self, server: Server, api: Api) -> None:
        published(server, "post", "one", at=datetime(2026, 3, 1, 12, tzinfo=UTC))
        assert "<lastBuildDate>Sun, 01 Mar 2026 12:00:00 GMT</lastBuildDate>" in api.call("content.feeds.rss").text


class TestAtom:
    def test_every_part_that_the_format_demands_is_there(self, server: Server, api: Api) -> None:
        published(server, "post", "one")
        feed = read(api, "atom")
        assert (feed.version, feed.feed.id, feed.feed.author) == ("atom10", "https://bio.re/blog", "BIO.RE")
        assert feed.entries[0].updated_parsed[:3] == (2026, 1, 1)
