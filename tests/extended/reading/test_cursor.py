"""`x-biore-cursor`: walking a list over HTTP, what the document says of it, what is refused."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest

from contract.changes import compare
from contract.loader import Contract, require_valid
from contract.policy import ContractError, Cursor
from contract.schemathesis_config import configuration
from contract.wire import files
from domain.answers.cursors import digest_of, encode
from runtime.compose import build_parts
from runtime.settings import Settings
from runtime.web.app import Application
from tests.extended.reading.shelf import BASE, BOOKS, Json, provide_handlers, refused
from tests.harness import Server
from tests.runtime.web.wire import Answer, request

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


def get(server: Server, query: str = "", name: str = "books") -> Answer:
    return request(server, "GET", f"{BASE}/{name}?{query}")


def walked(server: Server, query: str = "", name: str = "books", field: str = "items") -> tuple[list[str], int]:
    """The titles of all pages, and how many pages there were."""
    titles: list[str] = []
    further, pages = "", 0
    while True:
        data = get(server, f"{query}&cursor={further}" if further else query, name).json()["data"]
        titles += [item["title"] for item in data[field]]
        pages += 1
        further = data["nextCursor"]
        if further is None:
            return titles, pages
        assert pages < 50


class TestWalks:
    @pytest.mark.parametrize(
        ("limit", "pages"), [("", 7), ("limit=1", 20), ("limit=10", 2), ("limit=4", 5), ("limit=99", 2)]
    )
    def test_come_to_the_end(self, shelf_server: Server, limit: str, pages: int) -> None:
        titles, count = walked(shelf_server, limit)
        assert sorted(titles) == sorted(title for _, _, title in BOOKS)
        assert len(titles) == len(set(titles))
        assert count == pages

    def test_keep_their_filter(self, shelf_server: Server) -> None:
        titles, _ = walked(shelf_server, "genre=play&limit=2")
        assert sorted(titles) == sorted(title for kind, _, title in BOOKS if kind == "play")

    def test_the_limit_may_change_on_the_way(self, shelf_server: Server) -> None:
        first = get(shelf_server, "limit=2").json()["data"]
        second = get(shelf_server, f"limit=5&cursor={first['nextCursor']}").json()["data"]
        assert len(second["items"]) == 5
        assert first["items"] + second["items"] == get(shelf_server, "limit=7").json()["data"]["items"]

    def test_a_filter_is_what_cleaning_makes_of_it(self, shelf_server: Server) -> None:
        further = get(shelf_server, "genre=play&limit=2").json()["data"]["nextCursor"]
        assert get(shelf_server, f"genre=%20PLAY&cursor={further}").status == 200

    @pytest.mark.parametrize("sort", ["", "sort=name", "sort=-copies"])
    def test_have_the_order_that_was_chosen(self, shelf_server: Server, sort: str) -> None:
        titles, _ = walked(shelf_server, sort, "authors", "authors")
        assert len(titles) == len(set(titles)) == 20

    def test_the_default_order_may_be_named(self, shelf_server: Server) -> None:
        further = get(shelf_server, "", "authors").json()["data"]["nextCursor"]
        assert get(shelf_server, f"sort=name&cursor={further}", "authors").status == 200

    def test_pages_may_be_kept(self, shelf_server: Server) -> None:
        first = get(shelf_server, "", "authors")
        assert first.all("cache-control") == ["public, s-maxage=60"]


class TestCursors:
    def refused(self, answer: Answer, code: str = "list.invalid_cursor") -> None:
        assert (answer.status, answer.code) == (400, code)

    @pytest.mark.parametrize("cursor", ["", "x", "%20", "%C3%A9", "W10", "null", "=" * 512, "A" * 512])
    def test_that_cannot_be_read_are_refused(self, shelf_server: Server, cursor: str) -> None:
        self.refused(get(shelf_server, f"cursor={cursor}"))
        self.refused(get(shelf_server, f"cursor={cursor}", "authors"), "shelf.invalid_cursor")

    def test_that_are_too_long_break_a_rule(self, shelf_server: Server) -> None:
        answer = get(shelf_server, f"cursor={'A' * 513}")
        assert answer.broken_rules == [("cursor", "maxLength")]

    def test_of_another_filter_are_refused(self, shelf_server: Server) -> None:
        further = get(shelf_server, "genre=poem").json()["data"]["nextCursor"]
        self.refused(get(shelf_server, f"cursor={further}"))
        self.refused(get(shelf_server, f"genre=play&cursor={further}"))
        assert get(shelf_server, f"genre=poem&cursor={further}").status == 200

    def test_of_another_order_are_refused(self, shelf_server: Server) -> None:
        further = get(shelf_server, "sort=name", "authors").json()["data"]["nextCursor"]
        self.refused(get(shelf_server, f"sort=-copies&cursor={further}", "authors"), "shelf.invalid_cursor")

    def test_of_another_list_are_refused(self, shelf_server: Server) -> None:
        cursor = encode("", (1, "x"), digest_of({"": "shelf.authors", "genre": None}))
        self.refused(get(shelf_server, f"cursor={cursor}"))
        mine = encode("", (1, "x"), digest_of({"": "shelf.books", "genre": None}))
        assert get(shelf_server, f"cursor={mine}").status == 200

    def test_are_refused_in_the_callers_language(self, shelf_server: Server) -> None:
        answer = request(shelf_server, "GET", f"{BASE}/books?cursor=x", None, (("Accept-Language", "de"),))
        assert answer.json()["error"]["message"] == "Der Cursor gehört nicht zu dieser Liste."


class TestDocument:
    def test_says_what_follows(self, shelf: Contract) -> None:
        require_valid(shelf)
        operation = shelf.operation("shelf.books")
        cursor = operation["parameters"][-1]
        assert (cursor["name"], cursor["in"], cursor["required"]) == ("cursor", "query", False)
        assert shelf.document["components"]["schemas"]["Cursor"]["maxLength"] == 512
        books = shelf.document["components"]["schemas"]["Books"]
        assert books["required"] == ["items", "nextCursor"]
        example = operation["responses"]["200"]["content"]["application/json"]["example"]["data"]
        assert example.keys() == {"items", "nextCursor"}
        assert shelf.policies["shelf.books"].statuses["list.invalid_cursor"] == 400
        assert shelf.policies["shelf.books"].cursor == Cursor("list.invalid_cursor", 3, "", ("genre",))
        assert shelf.policies["shelf.authors"].cursor == Cursor("shelf.invalid_cursor", 2, "name", ())
        assert "list.invalid_cursor" not in shelf.policies["shelf.authors"].codes
        assert shelf.policies["shelf.book"].cursor is None

    def test_a_valid_request_may_be_refused(self, shelf: Contract) -> None:
        (said,) = [part for part in configuration(shelf).split("[[operations]]") if '"shelf.books"' in part]
        assert '"400"' in said

    def test_types_have_the_next_cursor(self, shelf: Contract) -> None:
        assert "    nextCursor: str | None\n" in files(shelf)["shelf.py"].decode()

    def test_a_change_is_told(self, shelf: Contract) -> None:
        old = copy.deepcopy(shelf.document)
        get_ = old["paths"]["/shelf/books"]["get"]
        get_["parameters"] = [one for one in get_["parameters"] if one["name"] != "cursor"]
        del old["components"]["schemas"]["Books"]["properties"]["nextCursor"]
        told = {(change.kind, change.where, change.breaking) for change in compare(old, shelf.document)}
        assert told == {("field.added", "cursor", False), ("field.added", "data.nextCursor", False)}


def books(edit: Callable[[Json], object]) -> Callable[[Json], object]:
    return lambda given: edit(given["paths"]["books"]["get"])


def says(value: object) -> Callable[[Json], object]:
    return books(lambda operation: operation.update({"x-biore-cursor": value}))


def limit(**keywords: object) -> Callable[[Json], object]:
    def edit(operation: Json) -> None:
        operation["parameters"][0] = {"name": "limit", "in": "query", "description": "x", "example": 1, **keywords}

    return books(edit)


def bounded(**keywords: object) -> Callable[[Json], object]:
    return limit(schema={"type": "integer", **keywords})


def more(name: str) -> Callable[[Json], object]:
    added = {"name": name, "in": "query", "description": "x", "schema": {"type": "string", "maxLength": 9}}
    return books(lambda operation: operation["parameters"].append(added))


def listed(edit: Callable[[Json], object]) -> Callable[[Json], object]:
    return lambda given: edit(given["schemas"]["Books"])


def shared(given: Json) -> None:
    media = given["paths"]["books"]["get"]["responses"]["200"]["content"]
    given["paths"]["book"]["get"]["responses"]["200"]["content"] = media


def posted(given: Json) -> None:
    given["paths"]["books"] = {"post": given["paths"]["books"]["get"]}


def unnamed(operation: Json) -> None:
    operation["responses"]["200"]["content"]["application/json"]["schema"] = {"type": "object"}


MISUSES = {
    "no": (says({}), "must be true, or {error"),
    "a text": (says("yes"), "must be true, or {error"),
    "an unknown key": (says({"sort": "name"}), "must be true, or {error"),
    "an unknown code": (says({"error": "shelf.lost"}), "error codes ['shelf.lost'] are not in errors/"),
    "a code that follows by itself": (
        books(lambda operation: operation.update({"x-biore-errors": ["list.invalid_cursor"]})),
        "['list.invalid_cursor'] follow by themselves"),
    "another method": (posted, "POST /shelf/books: x-biore-cursor is for GET only"),
    "no envelope": (books(lambda operation: operation.update({"x-biore-bare": True})), "needs the envelope"),
    "a cursor by hand": (more("cursor"), "adds the parameter cursor; take it out"),
    "no limit": (books(lambda operation: operation["parameters"].pop(0)), "needs an integer `limit`"),
    "a limit that is a text": (limit(schema={"type": "string", "maxLength": 3}), "needs an integer `limit`"),
    "a limit without a default": (bounded(minimum=1, maximum=9), "needs a default of `limit`"),
    "a limit without an end": (bounded(minimum=1, default=3), "needs bounds of `limit`"),
    "a limit of nothing": (bounded(minimum=0, maximum=9, default=3), "needs bounds of `limit`, from 1 on"),
    "a list of another name": (says({"items": "books"}), "needs the list `books` in its answer"),
    "a list that is too short": (
        listed(lambda schema: schema["properties"]["items"].update(maxItems=9)), "needs maxItems of `items`, 10"),
    "a next cursor by hand": (
        listed(lambda schema: schema["properties"].update(nextCursor={"type": "string", "description": "x"})),
        "adds nextCursor to Books; take it out"),
    "an answer of another operation": (shared, "['GET /shelf/book'] answers as well"),
    "an answer without a name": (books(unnamed), "a named object with the list `items`"),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "told"), MISUSES.values(), ids=MISUSES)
def test_misuse_stops_the_start(tmp_path: Path, edit: Callable[[Json], object], told: str) -> None:
    refusal, line = refused(tmp_path, edit)
    assert "/shelf/books" in refusal
    assert told in refusal
    assert "x-biore-cursor" in line or "error codes" in refusal


class TestHandlers:
    @pytest.mark.parametrize(
        ("name", "arguments", "told"),
        [
            ("books", "genre", "shelf.books: the argument walk is how the handler asks for the cursor"),
            ("books", "walk, cursor", "shelf.books: the argument walk is how the handler asks for the cursor"),
            ("numbers", "walk, limit", "shelf.numbers: the argument walk needs x-biore-cursor"),
        ],
    )
    def test_ask_for_the_walk(self, settings: Settings, shelf: Contract, name: str, arguments: str, told: str) -> None:
        made: dict[str, object] = {}
        exec(f"async def {name}({arguments}): ...", made)  # noqa: S102
        provide_handlers(**{name: made[name]})
        try:
            with pytest.raises(ContractError, match=told):
                Application(settings, NOWHERE, build_parts(settings, NOWHERE, "api", contract=shelf))
        finally:
            provide_handlers()
