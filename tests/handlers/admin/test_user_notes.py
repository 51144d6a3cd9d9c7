"""Staff writes notes about accounts, which are their owners' personal data."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.handlers.gdpr.test_export import archive, built
from tests.handlers.support import account, audited
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of
from tests.staff import hired, member


@pytest.fixture
def ada(api: Api, tables: Tables) -> UUID:
    return account(api, tables)


@pytest.fixture
def support(server: Server) -> dict[str, str]:
    return hired(server, "SUPPORT")


def listed(api: Api, headers: dict[str, str], user_id: object, **params: Any) -> httpx.Response:
    path = f"/admin/users/{user_id}/notes"
    return api.call("admin.user_notes.list", path=path, headers=headers, params=params)


def add(api: Api, headers: dict[str, str], user_id: object, text: str = "Called.") -> httpx.Response:
    return api.call("admin.user_notes.add", {"text": text}, path=f"/admin/users/{user_id}/notes", headers=headers)


def remove(api: Api, headers: dict[str, str], user_id: object, note_id: object) -> httpx.Response:
    return api.call("admin.user_notes.remove", path=f"/admin/users/{user_id}/notes/{note_id}", headers=headers)


class TestList:
    def test_the_newest_first(self, api: Api, tables: Tables, server: Server, ada: UUID) -> None:
        mine, other = member(server, "SUPPORT"), member(server, "ADMIN")
        add(api, mine.headers, ada, "first")
        add(api, other.headers, ada, "second")
        add(api, mine.headers, account(api, tables, "eve@example.com"), "about somebody else")
        first = listed(api, mine.headers, ada, limit=1).json()["data"]
        last = listed(api, mine.headers, ada, limit=1, cursor=first["nextCursor"]).json()["data"]
        told = [(page["items"][0]["text"], page["items"][0]["own"]) for page in (first, last)]
        assert told == [("second", False), ("first", True)]
        assert first["items"][0]["authorId"] == str(other.id)
        assert last["nextCursor"] is None

    def test_nobody_and_bad_cursors(self, api: Api, ada: UUID, support: dict[str, str]) -> None:
        assert listed(api, support, ada).json()["data"] == {"items": [], "nextCursor": None}
        assert code_of(listed(api, support, uuid4())) == "admin.not_found"
        assert code_of(listed(api, support, ada, cursor="x")) == "admin.cursor_invalid"


class TestAdd:
    def test_it_is_kept_and_audited_without_its_text(self, api: Api, server: Server, tables: Tables, ada: UUID) -> None:
        caller = member(server, "SUPPORT")
        response = add(api, caller.headers, ada, " A <b>secret</b> of hers. ")
        assert response.status_code == 201
        note = response.json()["data"]
        assert (note["text"], note["authorId"], note["own"]) == ("A secret of hers.", str(caller.id), True)
        (row,) = audited(tables, "admin.user_notes.add")
        assert (row["actor_id"], row["target_id"], row["details"]) == (caller.id, str(ada), {"note": note["id"]})
        assert "secret" not in str(row)

    def test_bad_input(self, api: Api, ada: UUID, support: dict[str, str]) -> None:
        assert broken_rules(add(api, support, ada, " ")) == {("text", "minLength")}
        assert broken_rules(add(api, support, ada, "x" * 2001)) == {("text", "maxLength")}
        assert add(api, support, ada, "x" * 2000).status_code == 201
        assert code_of(add(api, support, uuid4())) == "admin.not_found"

    def test_who_was_erased_gets_no_new_data(self, api: Api, tables: Tables, support: dict[str, str]) -> None:
        erased = account(api, tables, "gone@example.com", status="DELETED")
        assert code_of(add(api, support, erased)) == "admin.user.status_forbids"

    def test_the_person_is_told_by_the_export(
        self, api: Api, server: Server, ada: UUID, support: dict[str, str]
    ) -> None:
        add(api, support, ada, "Called about a lost phone.")
        files = archive(api.get(built(api, server, bearer(api.sign_in()))))
        (note,) = files["user_notes.json"]
        assert note["text"] == "Called about a lost phone."
        assert "author_id" not in note


class TestRemove:
    def test_own_ones_alone(self, api: Api, server: Server, tables: Tables, ada: UUID, support: dict[str, str]) -> None:
        caller = member(server, "SUPPORT")
        note_id = add(api, caller.headers, ada).json()["data"]["id"]
        for headers in (support, hired(server, "OWNER")):
            response = remove(api, headers, ada, note_id)
            assert (response.status_code, code_of(response)) == (403, "admin.user_note.not_own")
        assert remove(api, caller.headers, ada, note_id).status_code == 200
        assert tables.count("user_notes") == 0
        *refused, row = audited(tables, "admin.user_notes.remove")
        assert {one["result"] for one in refused} == {"refused"}
        assert (row["actor_id"], row["target_id"], row["details"]) == (caller.id, str(ada), {"note": note_id})

    def test_what_is_not_there(self, api: Api, tables: Tables, ada: UUID, support: dict[str, str]) -> None:
        note_id = add(api, support, ada).json()["data"]["id"]
        eve = account(api, tables, "eve@example.com")
        for user_id, missing in ((ada, uuid4()), (eve, note_id), (uuid4(), note_id)):
            response = remove(api, support, user_id, missing)
            assert (response.status_code, code_of(response)) == (404, "admin.not_found")
        assert tables.count("user_notes") == 1
