from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from services.urls.previews import Preview
from tests.content import draft, published
from tests.harness import Api, Server, Tables, broken_rules, code_of

SOON = timedelta(minutes=10)


def sign(server: Server, kind: str, entry_id: UUID, revision: int = 1, expires: datetime | None = None) -> str:
    return server.app.previews.sign(kind, entry_id, revision, expires or datetime.now(UTC) + SOON)


def look(api: Api, token: str) -> httpx.Response:
    return api.call("content.previews.find", path=f"/public/previews/{token}")


def refusal(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, code_of(response)


NOT_FOUND = (404, "content.preview.not_found")


class TestFind:
    def test_a_draft_is_shown_as_it_would_be_published(self, server: Server, api: Api) -> None:
        entry_id = draft(
            server, "article", "hello", "de", title="Hallo", html="<p>Hi<script>x</script></p>", icon="key", excerpt="E"
        )
        response = look(api, sign(server, "article", entry_id))
        assert response.json()["data"] == {
            "kind": "article",
            "slug": "hello",
            "locale": "de",
            "title": "Hallo",
            "excerpt": "E",
            "content": "<p>Hi</p>",
            "featuredImage": None,
            "icon": "key",
            "readTimeMinutes": 1,
            "revision": 1,
        }
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-robots-tag"] == "noindex"
        assert response.headers["referrer-policy"] == "no-referrer"

    def test_a_question_has_no_name(self, server: Server, api: Api) -> None:
        entry_id = draft(server, "faq", title=None, question="Why?", html=None, answer="<p>So.</p>")
        shown = look(api, sign(server, "faq", entry_id)).json()["data"]
        assert (shown["slug"], shown["title"], shown["content"]) == (None, "Why?", "<p>So.</p>")

    def test_it_stays_hidden_elsewhere(self, server: Server, api: Api) -> None:
        entry_id = draft(server, "post", "hello")
        assert look(api, sign(server, "post", entry_id)).status_code == 200
        assert code_of(api.call("content.posts.find", path="/public/blog/hello")) == "content.post.not_found"

    def test_a_token_is_good_for_what_it_names_alone(self, server: Server, api: Api, tables: Tables) -> None:
        entry_id, other = draft(server, "post", "hello"), published(server, "post", "other")
        kind, entry, revision, expires, signature = sign(server, "post", entry_id).split(".")
        changed: Mapping[str, str] = {
            "another kind": f"page.{entry}.{revision}.{expires}.{signature}",
            "another entry": f"{kind}.{other.hex}.{revision}.{expires}.{signature}",
            "another revision": f"{kind}.{entry}.2.{expires}.{signature}",
            "another end": f"{kind}.{entry}.{revision}.{int(expires) + 60}.{signature}",
            "another signature": f"{kind}.{entry}.{revision}.{expires}.{'0' * 64}",
            "none": f"{kind}.{entry}.{revision}.{expires}",
        }
        assert {what: refusal(look(api, token)) for what, token in changed.items()} == dict.fromkeys(changed, NOT_FOUND)

    def test_what_cannot_be_a_token_is_told(self, api: Api) -> None:
        assert broken_rules(look(api, "x%20y")) == {("token", "pattern")}
        assert broken_rules(look(api, "x" * 201)) == {("token", "maxLength")}

    def test_it_ends(self, server: Server, api: Api) -> None:
        entry_id = draft(server, "post", "hello")
        past = datetime.now(UTC) - timedelta(seconds=1)
        assert refusal(look(api, sign(server, "post", entry_id, expires=past))) == NOT_FOUND

    def test_what_is_gone_is_not_found(self, server: Server, api: Api, tables: Tables) -> None:
        entry_id = draft(server, "post", "hello")
        token = sign(server, "post", entry_id)
        assert refusal(look(api, sign(server, "post", entry_id, revision=2))) == NOT_FOUND
        assert refusal(look(api, sign(server, "page", entry_id))) == NOT_FOUND
        tables.run("DELETE FROM content_entries")
        assert refusal(look(api, token)) == NOT_FOUND


class TestSigner:
    @pytest.mark.parametrize("revision", [1, 999_999_999])
    def test_what_was_signed_is_read_back(self, server: Server, revision: int) -> None:
        previews, entry_id = server.app.previews, uuid4()
        token = previews.sign("announcement", entry_id, revision, datetime.now(UTC) + SOON)
        assert previews.verify(token) == Preview("announcement", entry_id, revision)
        assert len(token) <= 200

    @pytest.mark.parametrize("token", ["", "x", "a.b.c.d.e", "post." + "0" * 32 + ".1.99999999999." + "\u0660" * 64])
    def test_what_is_no_token_is_none(self, server: Server, token: str) -> None:
        assert server.app.previews.verify(token) is None
