"""What was written before, and how it differs."""

from uuid import uuid4

import pytest

from tests.harness import Api, Server, Tables, code_of
from tests.staff import Hired, member
from tests.texts import PAGE, POST, Desk, Json, category, data_of, where


@pytest.fixture
def editor(server: Server) -> Hired:
    return member(server, "EDITOR")


@pytest.fixture
def desk(api: Api, editor: Hired) -> Desk:
    return Desk(api, editor)


@pytest.fixture
def entry(desk: Desk) -> Json:
    """The first revision is public, the second one is the draft."""
    return desk.updated(desk.published(desk.made(PAGE)), html="<p>About all of us.</p>")


class TestList:
    def test_the_newest_first(self, desk: Desk, editor: Hired, entry: Json) -> None:
        items = data_of(desk.call("content.revisions.list", f"{where(entry)}/revisions"))["items"]
        assert [(one["number"], one["published"], one["title"]) for one in items] == [
            (2, False, "About"),
            (1, True, "About"),
        ]
        assert {one["authorId"] for one in items} == {str(editor.id)}

    def test_is_walked(self, desk: Desk, entry: Json) -> None:
        path = f"{where(entry)}/revisions"
        first = data_of(desk.call("content.revisions.list", path, limit=1))
        second = data_of(desk.call("content.revisions.list", path, limit=1, cursor=first["nextCursor"]))
        assert [one["number"] for one in (*first["items"], *second["items"])] == [2, 1]
        assert second["nextCursor"] is None
        response = desk.call("content.revisions.list", path, cursor="bm8")
        assert (response.status_code, code_of(response)) == (400, "admin.cursor_invalid")

    def test_an_unknown_text_has_none(self, desk: Desk) -> None:
        response = desk.call("content.revisions.list", f"page/{uuid4()}/revisions")
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")


class TestGet:
    def test_a_post_without_a_picture(self, desk: Desk) -> None:
        told = data_of(desk.revision(desk.made(POST | {"image": None}), 1))
        assert told["fields"] == POST | {"image": None}

    def test_is_whole_and_compared_with_the_one_before(self, desk: Desk, entry: Json) -> None:
        told = data_of(desk.revision(entry, 2))
        assert told["fields"] == PAGE | {"html": "<p>About all of us.</p>"}
        assert (told["against"], told["published"]) == (1, False)
        assert told["changes"] == [
            {
                "field": "html",
                "parts": [
                    {"change": "SAME", "text": "<p>About "},
                    {"change": "ADDED", "text": "all of "},
                    {"change": "SAME", "text": "us.</p>"},
                ],
            }
        ]

    def test_the_first_one_has_nothing_before_it(self, desk: Desk, entry: Json) -> None:
        told = data_of(desk.revision(entry, 1))
        assert (told["against"], told["changes"], told["fields"], told["published"]) == (None, [], PAGE, True)

    def test_is_compared_with_any_other(self, desk: Desk, entry: Json) -> None:
        told = data_of(desk.revision(entry, 1, against=2))
        (change,) = told["changes"]
        assert (told["against"], change["parts"][1]) == (2, {"change": "REMOVED", "text": "all of "})
        assert data_of(desk.revision(entry, 1, against=1))["changes"] == []

    def test_whatever_differs_is_told(self, desk: Desk, tables: Tables) -> None:
        news, tips = str(category(tables)), str(category(tables, slug="tips"))
        post = desk.published(desk.made(POST | {"categoryIds": [news], "excerpt": None}))
        post = desk.updated(post, categoryIds=[news, tips], excerpt="The first.", title="Hello")
        changes = {one["field"]: one["parts"] for one in data_of(desk.revision(post, 2))["changes"]}
        assert changes["excerpt"] == [{"change": "ADDED", "text": "The first."}]
        assert changes["title"] == [{"change": "SAME", "text": "Hello"}, {"change": "REMOVED", "text": " World"}]
        assert "".join(part["text"] for part in changes["categoryIds"]) == f"{news}\n{tips}"

    def test_an_unknown_one_is_not_found(self, desk: Desk, entry: Json) -> None:
        for response in (
            desk.revision(entry, 3),
            desk.revision(entry, 1, against=3),
            desk.revision(entry | {"id": str(uuid4())}, 1),
        ):
            assert (response.status_code, code_of(response)) == (404, "admin.not_found")
