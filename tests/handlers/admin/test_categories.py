"""The categories that creators can have, as staff arranges them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.creators import category, creator
from tests.handlers.support import audited
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.staff import Hired, member

Json = dict[str, Any]
MUSIC: Json = {"slug": "music", "name": "Music", "active": True, "sortOrder": 20}
ART: Json = {"slug": "art", "name": "Art", "active": False, "sortOrder": 10}
REASON = "Asked for in ticket 1042."


@pytest.fixture
def admin(server: Server) -> Hired:
    return member(server, "ADMIN")


def put(api: Api, caller: Hired, *items: Json, version: int = 0, reason: str = REASON) -> httpx.Response:
    body = {"items": list(items), "reason": reason}
    return api.call("admin.categories.set", body, headers=caller.headers | {"If-Match": f'"{version}"'})


def shown(api: Api, caller: Hired) -> Any:
    response = api.call("admin.categories.get", headers=caller.headers)
    assert response.status_code == 200, response.text
    return response.json()["data"]


class TestGet:
    def test_they_are_told_in_their_order(self, api: Api, server: Server, tables: Tables) -> None:
        for slug, place in (("music", 1), ("books", 2), ("art", 2)):
            category(tables, slug, sort_order=place)
        response = api.call("admin.categories.get", headers=member(server, "AUDITOR").headers)
        assert response.headers["ETag"] == '"0"'
        told = response.json()["data"]
        assert [item["slug"] for item in told["items"]] == ["music", "art", "books"]
        assert (told["version"], told["items"][0]) == (
            0,
            {"slug": "music", "name": "Music", "active": True, "sortOrder": 1},
        )

    def test_others_may_not(self, api: Api, server: Server) -> None:
        response = api.call("admin.categories.get", headers=member(server, "SUPPORT").headers)
        assert (response.status_code, code_of(response)) == (403, "admin.permission_denied")


class TestSet:
    def test_the_list_is_as_it_was_put_and_recorded(self, api: Api, admin: Hired, tables: Tables) -> None:
        response = put(api, admin, MUSIC, ART)
        assert response.headers["ETag"] == '"1"'
        told = response.json()["data"]
        assert told == {"version": 1, "items": [ART, MUSIC]} == shown(api, admin)
        told = put(api, admin, MUSIC | {"name": "Sound"}, version=1).json()["data"]
        assert told == {"version": 2, "items": [MUSIC | {"name": "Sound"}]} == shown(api, admin)
        first, second = audited(tables, "admin.categories.set")
        assert (first["before"], first["after"]) == ({"items": []}, {"items": [ART, MUSIC]})
        assert (second["before"], second["reason"]) == ({"items": [ART, MUSIC]}, REASON)

    def test_it_may_be_empty(self, api: Api, admin: Hired) -> None:
        put(api, admin, MUSIC)
        assert put(api, admin, version=1).json()["data"] == {"version": 2, "items": []}

    def test_what_creators_have_stays(self, api: Api, admin: Hired, tables: Tables) -> None:
        put(api, admin, MUSIC, ART)
        ada = creator(api, tables)
        tables.run("INSERT INTO creator_categories VALUES (%s, 'art')", ada.creator_id)
        response = put(api, admin, MUSIC, version=1)
        assert (response.status_code, code_of(response)) == (409, "admin.category.in_use")
        assert response.json()["error"]["i18nVars"] == {"slug": "art"}
        assert shown(api, admin) == {"version": 1, "items": [ART, MUSIC]}
        tables.run("DELETE FROM creator_categories")
        assert put(api, admin, MUSIC, version=1).status_code == 200

    def test_nobody_overwrites_unseen(self, api: Api, admin: Hired) -> None:
        put(api, admin, MUSIC)
        response = put(api, admin, ART)
        assert (response.status_code, code_of(response), response.headers["ETag"]) == (
            412,
            "precondition.failed",
            '"1"',
        )
        assert put(api, admin, ART, version=7).status_code == 412
        assert shown(api, admin)["items"] == [MUSIC]

    def test_each_slug_stands_once(self, api: Api, admin: Hired) -> None:
        response = put(api, admin, MUSIC, ART, MUSIC | {"name": "Sound"})
        assert (response.status_code, code_of(response)) == (400, "admin.entry_twice")
        assert broken_rules(response) == {("items.2.slug", "duplicate")}
        assert shown(api, admin)["items"] == []

    @pytest.mark.parametrize("wrong", [{"slug": "Music"}, {"slug": "a b"}, {"name": ""}, {"sortOrder": -1}])
    def test_fields_have_their_form(self, api: Api, admin: Hired, wrong: Json) -> None:
        assert code_of(put(api, admin, MUSIC | wrong)) == "validation.failed"

    def test_it_has_an_end_and_a_reason(self, api: Api, admin: Hired) -> None:
        many = [MUSIC | {"slug": f"c{number}"} for number in range(101)]
        assert broken_rules(put(api, admin, *many)) == {("items", "maxItems")}
        assert len(put(api, admin, *many[:100]).json()["data"]["items"]) == 100
        assert broken_rules(put(api, admin, reason="x", version=1)) == {("reason", "minLength")}

    def test_who_may_only_read_may_not(self, api: Api, server: Server) -> None:
        response = put(api, member(server, "AUDITOR"), MUSIC)
        assert (response.status_code, code_of(response)) == (403, "admin.permission_denied")

    def test_none_is_given_while_it_goes(self, api: Api, admin: Hired, tables: Tables) -> None:
        """Whoever comes second is refused: no creator has what is not listed."""
        ada = creator(api, tables)
        path = f"/admin/creators/{ada.creator_id}"
        art = ART | {"active": True}
        for _ in range(6):
            put(api, admin, art, version=shown(api, admin)["version"])
            version = tables.one("SELECT admin_version FROM creator_profiles")["admin_version"]
            seen = admin.headers | {"If-Match": f'"{version}"'}
            given = {"categories": ["art"], "reason": REASON}
            with ThreadPoolExecutor(2) as pool:
                giving = pool.submit(api.call, "admin.creators.update", given, path=path, headers=seen)
                taking = pool.submit(put, api, admin, version=shown(api, admin)["version"])
                codes = {giving.result().status_code, taking.result().status_code}
            assert codes in ({200, 400}, {200, 409})
            assert tables.count("creator_categories") == tables.count("discover_categories")
            tables.run("DELETE FROM creator_categories")
