"""What nobody has published, or not yet, or no more, is in no answer to the public."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import pytest

from domain.content.publishing import columns_of
from tests import editions
from tests.content import category, day, draft, published
from tests.handlers.conftest import Clients
from tests.handlers.support import until
from tests.harness import Api, Server, Tables, code_of

HIDDEN = "Xyzzy"
SLUG = "xyzzy"
KINDS = ("page", "post", "article", "faq", "announcement", "legal")
SHOWN = ("page", "post", "article")
TOMORROW = datetime.now(UTC) + timedelta(days=1)


def answers(api: Api, entry_id: UUID) -> Iterator[httpx.Response]:
    """Of every way to ask that there is."""
    for name in ("pages", "posts", "articles", "faq", "announcements"):
        yield api.call(f"content.{name}.list")
    yield api.call("content.help.categories")
    for category_slug in ("news", "account"):
        yield api.call("content.posts.list", params={"category": category_slug})
        yield api.call("content.articles.list", params={"category": category_slug})
    yield api.call("content.articles.list", params={"search": HIDDEN.lower()})
    yield api.call("content.articles.list", params={"featured": "true", "search": "words"})
    for form in ("rss", "atom"):
        yield api.call(f"content.feeds.{form}")
    for name in (SLUG, str(entry_id)):
        yield api.call("content.pages.find", path=f"/public/pages/{name}")
        yield api.call("content.posts.find", path=f"/public/blog/{name}")
        yield api.call("content.articles.find", path=f"/public/help/articles/{name}")
    for kind in KINDS:
        signed = f"{kind}.{entry_id.hex}.1.99999999999"
        for token in (signed, f"{signed}.", f"{signed}.{'0' * 64}", entry_id.hex):
            yield api.call("content.previews.find", path=f"/public/previews/{token}")


def source(news: str, account: str, question: str) -> dict[str, dict[str, Any]]:
    """What the hidden text of each kind has beside its words."""
    found: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    found["post"] = {"categoryIds": [news]}
    found["article"] = {"categoryId": account, "isFeatured": True}
    found["faq"] = {"categoryId": question}
    found["announcement"] = {"type": "INFO"}
    return found


HiddenAs = Callable[..., UUID]
WAYS: dict[str, HiddenAs] = {
    "a draft": draft,
    "scheduled": lambda *named, **given: published(*named, at=TOMORROW, **given),
    "ended": lambda *named, **given: published(*named, until=day(2), **given),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_it_is_in_no_answer(server: Server, api: Api, kind: str, way: str) -> None:
    server.configure(**{"ratelimit.enabled": False})
    categories = category(server, "blog", "news"), category(server, "help", "account"), category(server, "faq", "all")
    named = () if kind in ("faq", "announcement") else (SLUG,)
    words = {"title": f"{HIDDEN} title", "excerpt": f"{HIDDEN} excerpt", "html": f"<p>{HIDDEN} words</p>"}
    entry_id = WAYS[way](server, kind, *named, **words, **source(*categories)[kind])
    for response in answers(api, entry_id):
        assert HIDDEN not in response.text
        assert response.status_code in (200, 400, 404)
    counted = api.call("content.help.categories").json()["data"]
    assert [one["articleCount"] for one in counted] == [0]


class Desk:
    """Publishes as staff does."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.entry = SimpleNamespace(id=draft(server, "post", "hello"), kind="post", slug="hello", locale="en")

    def publish(self, revision: int, title: str, at: datetime) -> None:
        columns = columns_of("post", {"title": title, "html": f"<p>{title}</p>"})

        async def work() -> None:
            async with self.server.app.parts.database.unit() as db:
                await db.publications.publish(self.entry, revision, columns, at, datetime.now(UTC))

        self.server.on_loop(work())
        editions.follow(self.server)

    def unpublish(self) -> bool:
        async def work() -> bool:
            async with self.server.app.parts.database.unit() as db:
                return await db.publications.unpublish(self.entry, datetime.now(UTC))

        was_shown = self.server.on_loop(work())
        editions.follow(self.server)
        return was_shown

    def rows(self) -> list[dict[str, Any]]:
        query = "SELECT revision, published_at, shown_from, shown_until FROM publications ORDER BY revision"
        return self.server.tables.rows(query)


def title(api: Api) -> str | None:
    response = api.call("content.posts.find", path="/public/blog/hello")
    if response.status_code == 404:
        assert code_of(response) == "content.post.not_found"
        return None
    return str(response.json()["data"]["title"])


class TestPublish:
    def test_at_once(self, server: Server, api: Api) -> None:
        desk = Desk(server)
        assert title(api) is None
        desk.publish(1, "One", day(1))
        assert title(api) == "One"
        desk.publish(2, "Two", day(1))
        assert title(api) == "Two"
        first, second = desk.rows()
        assert (first["shown_until"], second["shown_until"]) == (second["shown_from"], None)
        assert first["published_at"] == second["published_at"] == first["shown_from"] > day(1)

    def test_a_scheduled_correction_leaves_the_former_text_until_then(self, server: Server, api: Api) -> None:
        desk = Desk(server)
        desk.publish(1, "One", day(1))
        desk.publish(2, "Two", TOMORROW)
        assert title(api) == "One"
        assert [row["shown_until"] for row in desk.rows()] == [TOMORROW, None]

    def test_the_last_decision_stands_alone(self, server: Server, api: Api) -> None:
        desk = Desk(server)
        desk.publish(1, "One", day(1))
        desk.publish(2, "Two", TOMORROW)
        desk.publish(3, "Three", TOMORROW + timedelta(days=1))
        assert [(row["revision"], row["shown_until"]) for row in desk.rows()] == [
            (1, TOMORROW + timedelta(days=1)),
            (3, None),
        ]
        desk.publish(4, "Four", day(1))
        assert [row["revision"] for row in desk.rows()] == [1, 4]
        assert title(api) == "Four"

    def test_what_was_scheduled_first_is_published_when_it_is_shown(self, server: Server) -> None:
        desk = Desk(server)
        desk.publish(1, "One", TOMORROW)
        desk.publish(2, "Two", TOMORROW + timedelta(hours=1))
        (row,) = desk.rows()
        assert row["published_at"] == row["shown_from"] == TOMORROW + timedelta(hours=1)


class TestUnpublish:
    def test_neither_shown_nor_scheduled_any_more(self, server: Server, api: Api) -> None:
        desk = Desk(server)
        assert desk.unpublish() is False
        desk.publish(1, "One", day(1))
        first = desk.rows()[0]["published_at"]
        desk.publish(2, "Two", TOMORROW)
        assert desk.unpublish() is True
        assert title(api) is None
        assert [row["revision"] for row in desk.rows()] == [1]
        assert api.call("content.posts.list").json()["data"]["total"] == 0
        desk.publish(3, "Three", day(1))
        assert title(api) == "Three"
        assert desk.rows()[-1]["published_at"] == first


def test_a_scheduled_post_appears_on_every_server_without_a_write(
    server: Server, clients: Clients, start_server: Callable[..., Server]
) -> None:
    other = start_server(server.database_url)
    for one in (server, other):
        one.configure(**{"ratelimit.enabled": False})
    apis = [clients(one) for one in (server, other)]
    due = datetime.now(UTC) + timedelta(seconds=1)
    published(server, "post", "hello", at=due, title="Due")
    editions.follow(other)
    before = server.tables.fingerprints()
    for api in apis:
        assert title(api) is None
        assert api.call("content.posts.list").json()["data"]["total"] == 0
    assert datetime.now(UTC) < due, "the machine is too slow to see both sides of a second"
    for api in apis:
        until(lambda api=api: title(api) == "Due")  # type: ignore[misc]
        assert datetime.now(UTC) >= due
        assert api.call("content.posts.list").json()["data"]["total"] == 1
        assert "blog/hello" in api.call("content.feeds.atom").text
    assert server.tables.changed_since(before) == set()


def test_a_name_that_two_had_in_turn_is_that_of_the_later(server: Server, api: Api, tables: Tables) -> None:
    published(server, "page", "about", title="Former", until=day(9))
    published(server, "page", "about", locale="de", title="Other")
    tables.run("UPDATE content_entries SET slug = 'about-us' WHERE locale = 'en'")
    published(server, "page", "about", title="Later", at=day(9))
    found = api.call("content.pages.find", path="/public/pages/about").json()["data"]
    assert found["title"] == "Later"
