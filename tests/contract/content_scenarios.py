"""Reads of content, for the test of side effects: they have none."""

from datetime import UTC, datetime, timedelta

from tests.content import draft, published
from tests.contract.scenario import Act, Scenario
from tests.harness import Api, Tables


def reading(operation_id: str) -> Scenario:
    def prepare(api: Api, tables: Tables) -> Act:
        return lambda: api.call(operation_id)

    return prepare


def finding(operation_id: str, kind: str, path: str) -> Scenario:
    def prepare(api: Api, tables: Tables) -> Act:
        published(api.server, kind, "hello")
        return lambda: api.call(operation_id, path=path)

    return prepare


def searching(api: Api, tables: Tables) -> Act:
    published(api.server, "article", "hello")
    return lambda: api.call("content.articles.list", params={"search": "words"})


def preview(api: Api, tables: Tables) -> Act:
    entry_id, soon = draft(api.server, "post", "hello"), datetime.now(UTC) + timedelta(minutes=1)
    token = api.server.app.previews.sign("post", entry_id, 1, soon)
    return lambda: api.call("content.previews.find", path=f"/public/previews/{token}")


LISTS = ("announcements.list", "faq.list", "feeds.atom", "feeds.rss", "help.categories", "pages.list", "posts.list")
SCENARIOS: dict[str, Scenario] = {f"content.{name}": reading(f"content.{name}") for name in LISTS} | {
    "content.articles.find": finding("content.articles.find", "article", "/public/help/articles/hello"),
    "content.articles.list": searching,
    "content.pages.find": finding("content.pages.find", "page", "/public/pages/hello"),
    "content.posts.find": finding("content.posts.find", "post", "/public/blog/hello"),
    "content.previews.find": preview,
}
