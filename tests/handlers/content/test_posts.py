from datetime import timedelta

import pytest

from tests.content import category, day, published
from tests.harness import Api, Server, broken_rules, code_of


def slugs(api: Api, **params: object) -> list[str]:
    response = api.call("content.posts.list", params=params)
    return [post["slug"] for post in response.json()["data"]["items"]]


class TestList:
    def test_the_newest_come_first_page_by_page(self, server: Server, api: Api) -> None:
        for number in range(1, 6):
            published(server, "post", f"post-{number}", at=day(number))
        assert slugs(api) == ["post-5", "post-4", "post-3", "post-2", "post-1"]
        assert slugs(api, limit=2, page=3) == ["post-1"]
        assert slugs(api, limit=2, page=4) == []
        told = api.call("content.posts.list", params={"limit": 2, "page": 2}).json()["data"]
        assert (told["total"], told["page"], told["limit"], told["totalPages"]) == (5, 2, 2, 3)
        told = api.call("content.posts.list", params={"limit": 500, "page": -3}).json()["data"]
        assert (told["page"], told["limit"], len(told["items"])) == (1, 50, 5)
        assert broken_rules(api.call("content.posts.list", params={"page": "x"})) == {("page", "type")}

    def test_of_one_moment_each_is_on_one_page(self, server: Server, api: Api) -> None:
        for number in range(7):
            published(server, "post", f"post-{number}")
        shown = [slug for page in (1, 2, 3) for slug in slugs(api, limit=3, page=page)]
        assert sorted(shown) == [f"post-{number}" for number in range(7)]

    def test_without_any_there_are_no_pages(self, api: Api) -> None:
        told = api.call("content.posts.list").json()["data"]
        assert told == {"items": [], "total": 0, "page": 1, "limit": 20, "totalPages": 0}

    def test_by_category(self, server: Server, api: Api) -> None:
        news, guides = category(server, "blog", "news", name="News"), category(server, "blog", "guides")
        hidden = category(server, "blog", "hidden", active=False)
        category(server, "help", "account")
        published(server, "post", "both", at=day(2), categoryIds=[guides, news, hidden], excerpt="Short.")
        published(server, "post", "one", at=day(1), categoryIds=[news], image="https://cdn.bio.re/a.webp")
        published(server, "post", "none", at=day(1) - timedelta(days=1))
        assert slugs(api, category="news") == ["both", "one"]
        assert slugs(api, category="guides") == ["both"]
        for unknown in ("nowhere", "hidden", "account"):
            response = api.call("content.posts.list", params={"category": unknown})
            assert response.json()["data"]["total"] == 0
        first, second, _ = api.call("content.posts.list").json()["data"]["items"]
        assert first["categories"] == [{"name": "guides", "slug": "guides"}, {"name": "News", "slug": "news"}]
        assert (first["excerpt"], first["featuredImage"]) == ("Short.", None)
        assert second["featuredImage"] == "https://cdn.bio.re/a.webp"


class TestFind:
    def test_it_has_its_picture(self, server: Server, api: Api) -> None:
        published(server, "post", "seen", image="https://cdn.bio.re/a.webp")
        found = api.call("content.posts.find", path="/public/blog/seen").json()["data"]
        assert found["featuredImage"] == "https://cdn.bio.re/a.webp"

    def test_it_is_found_by_its_name(self, server: Server, api: Api) -> None:
        news = category(server, "blog", "news", name="News")
        published(server, "post", "hello", title="Hello", html="<p>Hi.</p>", excerpt="E", categoryIds=[news])
        found = api.call("content.posts.find", path="/public/blog/hello")
        assert found.json()["data"] == {
            "slug": "hello",
            "title": "Hello",
            "excerpt": "E",
            "content": "<p>Hi.</p>",
            "featuredImage": None,
            "publishedAt": "2026-01-01T00:00:00.000Z",
            "categories": [{"name": "News", "slug": "news"}],
        }
        again = api.call(
            "content.posts.find", path="/public/blog/hello", headers={"If-None-Match": found.headers["etag"]}
        )
        assert again.status_code == 304

    @pytest.mark.parametrize("slug", ["nothing", "a-page"])
    def test_what_is_no_post_is_not_found(self, server: Server, api: Api, slug: str) -> None:
        published(server, "page", "a-page")
        response = api.call("content.posts.find", path=f"/public/blog/{slug}")
        assert (response.status_code, code_of(response)) == (404, "content.post.not_found")

    def test_what_is_no_name_is_told(self, api: Api) -> None:
        response = api.call("content.posts.find", path="/public/blog/No-Name")
        assert broken_rules(response) == {("slug", "pattern")}

    def test_feed_is_no_post(self, server: Server, api: Api) -> None:
        published(server, "post", "feed")
        response = api.call("content.feeds.rss")
        assert response.headers["content-type"] == "application/rss+xml; charset=utf-8"
