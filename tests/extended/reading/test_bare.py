"""`x-biore-bare`: a success is its media type and nothing around it; refusals are as ever."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from contract.loader import Contract, require_valid
from contract.wire import files, types_of
from domain.answers.prepared import Prepared, tag_of
from tests.contract.documented import Documented
from tests.extended.reading.shelf import BASE, Json, Kept, refused
from tests.harness import Server
from tests.runtime.web.wire import Answer, request

FEED = '<?xml version="1.0"?><rss version="2.0"/>'


def get(server: Server, name: str, **headers: str) -> Answer:
    sent = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return request(server, "GET", f"{BASE}/{name}", None, sent)


class TestAnswers:
    @pytest.mark.parametrize(
        ("name", "kind", "body"),
        [
            ("feed", "application/rss+xml; charset=utf-8", FEED.encode()),
            ("export", "text/csv; charset=utf-8", b"title,copies\r\nNotes,3\r\n"),
            ("words", "application/json", b'{"title":"Notes"}'),
            ("whole", "application/json", b'[{"title":"Notes","copies":7}]'),
        ],
    )
    def test_are_what_they_are(self, shelf_server: Server, name: str, kind: str, body: bytes) -> None:
        answer = get(shelf_server, name)
        assert (answer.status, answer.all("content-type"), answer.body) == (200, [kind], body)
        assert answer.all("x-content-type-options") == ["nosniff"]

    def test_text_is_utf_8(self, shelf_server: Server) -> None:
        Kept.title = "Ünsal 李"
        assert "Ünsal 李" in get(shelf_server, "export").body.decode()

    def test_bytes_are_text_too(self, shelf_server: Server) -> None:
        Kept.feed = FEED.encode()
        assert get(shelf_server, "feed").body == FEED.encode()

    @pytest.mark.parametrize(("query", "code"), [("none", "shelf.not_found"), ("", "validation.failed")])
    def test_refusals_have_the_envelope(self, shelf_server: Server, query: str, code: str) -> None:
        answer = get(shelf_server, f"export?genre={query}")
        assert answer.all("content-type") == ["application/json"]
        assert answer.json()["success"] is False
        assert answer.code == code

    def test_may_be_kept(self, shelf_server: Server) -> None:
        first = get(shelf_server, "feed")
        assert first.all("etag") == [f'"{tag_of(first.body)}"']
        assert first.all("cache-control") == ["public, s-maxage=300, stale-while-revalidate=600"]
        again = get(shelf_server, "feed", If_None_Match=first.all("etag")[0])
        assert (again.status, again.body, again.all("content-type")) == (304, b"", [])

    def test_may_be_prepared(self, shelf_server: Server) -> None:
        Kept.prepared = Prepared(b'{ "title": "Shelf" }', "v1", max_age=5)
        answer = get(shelf_server, "words")
        assert answer.body == b'{ "title": "Shelf" }'
        assert answer.all("cache-control") == ["public, s-maxage=5"]

    @pytest.mark.parametrize("feed", ["<rss/>", b"\xff\xfe", b""])
    def test_text_is_held_against_the_contract_outside_production(self, shelf_server: Server, feed: object) -> None:
        Kept.feed = feed
        assert get(shelf_server, "feed").code == "internal.error"

    @pytest.mark.parametrize("body", [b'{"title": 7}', b'{"success":true,"data":{}}', b"[]", b"{"])
    def test_so_is_json(self, shelf_server: Server, body: bytes) -> None:
        Kept.prepared = Prepared(body, "v2")
        assert get(shelf_server, "words").code == "internal.error"

    def test_production_sends_what_it_has(self, start_server: Callable[..., Server], shelf: Contract) -> None:
        server = start_server(contract=shelf, env="production")
        Kept.feed = "<rss/>"
        assert get(server, "feed").body == b"<rss/>"

    def test_are_all_documented(self, start_server: Callable[..., Server], shelf: Contract) -> None:
        with start_server(contract=shelf).client(event_hooks={"response": [Documented(shelf)]}) as client:
            names = ("feed", "export", "words", "whole", "uncached")
            assert {client.get(f"{BASE}/{name}").status_code for name in names} == {200}


class TestDocument:
    def test_says_what_is_sent(self, shelf: Contract) -> None:
        require_valid(shelf)
        content = shelf.operation("shelf.words")["responses"]["200"]["content"]
        assert content["application/json"]["example"] == {"title": "Shelf"}
        assert content["application/json"]["schema"]["type"] == "object"
        assert list(shelf.operation("shelf.feed")["responses"]["200"]["content"]) == ["application/rss+xml"]
        refusal = shelf.document["components"]["responses"]["ShelfNotFound"]
        assert list(refusal["content"]) == ["application/json"]
        assert [name for name, policy in shelf.policies.items() if policy.bare and policy.module == "shelf"] == [
            "shelf.feed", "shelf.export", "shelf.words", "shelf.whole",
        ]  # fmt: skip

    def test_types_are_those_of_the_answer_itself(self, shelf: Contract) -> None:
        types = types_of(shelf)
        assert [types[f"shelf.{name}"].answer for name in ("feed", "export", "words", "whole", "book")] == [
            "str", "str", "dict[str, str]", "list[shelf.Book]", "shelf.Book",
        ]  # fmt: skip
        for content in files(shelf).values():
            ast.parse(content)


def bare(name: str, value: object = True) -> Callable[[Json], object]:
    return lambda given: given["paths"][name]["get"].update({"x-biore-bare": value})


def answers(name: str, **content: Json) -> Callable[[Json], object]:
    return lambda given: given["paths"][name]["get"]["responses"]["200"].update(
        content={kind.replace("_", "/"): media for kind, media in content.items()}
    )


def dropped(given: Json) -> None:
    del given["paths"]["export"]["get"]["x-biore-bare"]


def no_get(given: Json) -> None:
    given["paths"]["{slug}"]["delete"]["x-biore-bare"] = True


def once(given: Json) -> None:
    given["paths"]["export"]["get"]["x-biore-idempotency"] = True


def empty(given: Json) -> None:
    del given["paths"]["export"]["get"]["responses"]["200"]["content"]


TEXT = {"schema": {"type": "string"}, "example": "x"}
MISUSES = {
    "no flag": (bare("export", "yes"), "x-biore-bare must be true, or left out"),
    "another media type in an envelope": (dropped, "answers text/csv, which has no envelope: say x-biore-bare: true"),
    "another method": (no_get, "x-biore-bare is for GET only"),
    "a key of idempotency": (once, "no use for x-biore-idempotency"),
    "nothing": (empty, "needs one media type"),
    "two media types": (answers("export", text_csv=TEXT, text_plain=TEXT), "needs one media type"),
    "a media type with a parameter": (
        lambda given: given["paths"]["export"]["get"]["responses"]["200"].update(content={"text/csv; header=x": TEXT}),
        "without parameters"),
    "any media type": (
        lambda given: given["paths"]["export"]["get"]["responses"]["200"].update(content={"*/*": TEXT}),
        "must be one media type"),
    "an object that is no JSON": (
        answers("export", text_csv={"schema": {"type": "object"}, "example": {}}), "its schema has the type string"),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "told"), MISUSES.values(), ids=MISUSES)
def test_misuse_stops_the_start(tmp_path: Path, edit: Callable[[Json], object], told: str) -> None:
    refusal, line = refused(tmp_path, edit)
    assert "/shelf/" in refusal
    assert told in refusal
    assert "x-biore-bare" in line or "answers text/csv" in refusal
