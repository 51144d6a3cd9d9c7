"""The example texts, as the public reads them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services import demo
from services.demo import content
from tests import editions
from tests.content import published
from tests.harness import Api, Server
from tests.staff import hired


def seed(server: Server) -> None:
    server.on_loop(demo.seed(server.app.parts.database, datetime.now(UTC), seeds={"content": content.seed}))
    editions.follow(server)


@pytest.fixture
def seeded(server: Server) -> Server:
    seed(server)
    return server


def data(api: Api, operation_id: str, path: str | None = None) -> Any:
    response = api.call(operation_id, path=path)
    assert response.status_code == 200, response.text
    return response.json()["data"]


def test_every_page_of_the_site_has_something_to_show(seeded: Server, api: Api) -> None:
    posts, articles = data(api, "content.posts.list")["items"], data(api, "content.articles.list")["items"]
    assert [post["slug"] for post in posts] == ["welcome", "two-factor-in-two-minutes"]
    assert [one["slug"] for one in posts[0]["categories"]] == ["news", "guides"]
    assert {one["category"]["slug"] for one in articles} == {"account", "your-page", "safety"}
    assert [one["articleCount"] for one in data(api, "content.help.categories")] == [1, 1, 1]
    assert [len(group["items"]) for group in data(api, "content.faq.list")] == [2, 1]
    (announced,) = data(api, "content.announcements.list")
    assert (announced["type"], announced["locale"]) == ("MAINTENANCE", None)
    assert "<p>BIO.RE is" in data(api, "content.pages.find", "/public/pages/about")["content"]


def test_staff_finds_them_in_its_lists(seeded: Server, api: Api) -> None:
    staff = hired(seeded, "EDITOR")
    for kind, count in (("page", 1), ("post", 2), ("article", 3), ("faq", 3), ("announcement", 1)):
        listed = api.call("admin.content.texts.list", path=f"/admin/content/{kind}", headers=staff)
        entries = listed.json()["data"]["items"]
        assert [entry["state"] for entry in entries] == ["LIVE"] * count
        for entry in entries:
            path = f"/admin/content/{kind}/{entry['id']}"
            whole = api.call("admin.content.texts.get", path=path, headers=staff).json()["data"]
            assert (whole["removed"], whole["live"]["title"]) == ([], entry["title"])


def test_what_staff_has_already_stays_as_it_is(server: Server, api: Api) -> None:
    published(server, "page", "about", title="Ours")
    seed(server)
    assert data(api, "content.pages.find", "/public/pages/about")["title"] == "Ours"
    assert data(api, "content.posts.find", "/public/blog/welcome")["title"] == "Welcome to your page"


def test_nothing_is_left_of_them(seeded: Server, api: Api) -> None:
    cleared = seeded.on_loop(demo.clear(seeded.app.parts.database))
    assert cleared.kept == 0
    assert {name: seeded.tables.count(name) for name in ("content_entries", "publications", "content_categories")} == {
        "content_entries": 0,
        "publications": 0,
        "content_categories": 0,
    }
