from datetime import UTC, datetime, timedelta

from tests.content import day, published
from tests.handlers.support import statements
from tests.harness import Api, Server, broken_rules, code_of


class TestList:
    def test_the_last_corrected_comes_first_in_every_language(self, server: Server, api: Api) -> None:
        published(server, "page", "about", at=day(1), columns={"updated_at": day(9)})
        published(server, "page", "press", at=day(2))
        published(server, "page", "about", "de", at=day(3))
        published(server, "post", "about", at=day(4))
        pages = api.call("content.pages.list").json()["data"]
        assert [(page["slug"], page["locale"]) for page in pages] == [("about", "en"), ("about", "de"), ("press", "en")]
        assert pages[0] == {
            "slug": "about", "title": "about", "locale": "en", "publishedAt": "2026-01-01T00:00:00.000Z"
        }  # fmt: skip

    def test_it_is_kept_and_not_sent_again(self, server: Server, api: Api) -> None:
        published(server, "page", "about")
        first = api.call("content.pages.list")
        assert first.headers["cache-control"] == "public, s-maxage=300, stale-while-revalidate=600"
        with statements(server) as asked:
            second = api.call("content.pages.list", headers={"If-None-Match": first.headers["etag"]})
        assert (second.status_code, second.content, asked) == (304, b"", [])


class TestFind:
    def test_another_language_does_not_stand_in(self, server: Server, api: Api) -> None:
        published(server, "page", "about", "de", title="Über uns", html="<p>Wir.</p>")
        response = api.call("content.pages.find", path="/public/pages/about")
        assert (response.status_code, code_of(response)) == (404, "content.page.not_found")
        found = api.call("content.pages.find", path="/public/pages/about", params={"locale": "de"})
        assert found.json()["data"] == {
            "slug": "about",
            "title": "Über uns",
            "content": "<p>Wir.</p>",
            "locale": "de",
            "publishedAt": "2026-01-01T00:00:00.000Z",
        }

    def test_who_has_it_is_told_so(self, server: Server, api: Api) -> None:
        published(server, "page", "about")
        tag = api.call("content.pages.find", path="/public/pages/about").headers["etag"]
        again = api.call("content.pages.find", path="/public/pages/about", headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")

    def test_a_post_is_no_page(self, server: Server, api: Api) -> None:
        published(server, "post", "about")
        assert code_of(api.call("content.pages.find", path="/public/pages/about")) == "content.page.not_found"

    def test_what_is_no_name_is_told(self, api: Api) -> None:
        response = api.call("content.pages.find", path="/public/pages/About")
        assert broken_rules(response) == {("slug", "pattern")}
        assert broken_rules(api.call("content.pages.find", path=f"/public/pages/{'a' * 101}")) == {
            ("slug", "maxLength")
        }

    def test_a_correction_that_is_due_soon_shortens_how_long_it_is_kept(self, server: Server, api: Api) -> None:
        soon = datetime.now(UTC) + timedelta(seconds=20)
        published(server, "page", "about", until=soon)
        published(server, "page", "press")
        told = api.call("content.pages.find", path="/public/pages/about").headers["cache-control"]
        seconds = int(told.removeprefix("public, s-maxage="))
        assert 10 < seconds <= 20
        told = api.call("content.pages.find", path="/public/pages/press").headers["cache-control"]
        assert told == "public, s-maxage=300, stale-while-revalidate=600"
        assert "stale" not in api.call("content.pages.list").headers["cache-control"]

    def test_scripts_are_not_kept(self, server: Server, api: Api) -> None:
        written = '<p onclick="a()">Hi<script>b()</script></p><style>p{}</style><iframe src="https://x.org"></iframe>'
        published(server, "page", "about", html=written)
        content = api.call("content.pages.find", path="/public/pages/about").json()["data"]["content"]
        assert content == "<p>Hi</p>"
