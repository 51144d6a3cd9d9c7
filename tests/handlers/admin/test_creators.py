"""Creators as staff sees and arranges them."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.creators import Creator, category, changed, creator, findable
from tests.handlers.support import audited, change
from tests.harness import Api, Server, Tables, code_of
from tests.staff import Hired, member

REASON = "Ticket 1042."


@pytest.fixture
def admin(server: Server) -> Hired:
    return member(server, "ADMIN")


@pytest.fixture(autouse=True)
def offered(tables: Tables) -> None:
    for slug in ("art", "music", "podcasts"):
        category(tables, slug)
    category(tables, "radio", active=False)


@pytest.fixture
def ada(api: Api, tables: Tables) -> Creator:
    return findable(api, tables)


def find(api: Api, caller: Hired, creator_id: Any) -> httpx.Response:
    return api.call("admin.creators.find", path=f"/admin/creators/{creator_id}", headers=caller.headers)


def update(api: Api, caller: Hired, creator_id: Any, version: int = 1, **fields: Any) -> httpx.Response:
    headers = caller.headers | {"If-Match": f'"{version}"'}
    body = {"reason": REASON} | fields
    return api.call("admin.creators.update", body, path=f"/admin/creators/{creator_id}", headers=headers)


def listed(api: Api, caller: Hired, **params: Any) -> list[str]:
    response = api.call("admin.creators.list", params=params, headers=caller.headers)
    assert response.status_code == 200, response.text
    return [item["username"] for item in response.json()["data"]["items"]]


class TestList:
    def test_the_newest_come_first_and_are_walked(self, api: Api, admin: Hired, tables: Tables) -> None:
        for name in ("ada", "bob", "cyd"):
            one = findable(api, tables, f"{name}@example.com", name)
        tables.run("UPDATE creator_profiles SET created_at = now()")
        tables.run("UPDATE creator_profiles SET created_at = now() + interval '1 day' WHERE id = %s", one.creator_id)
        seen: list[str] = []
        params: dict[str, Any] = {"limit": 1}
        for _ in range(3):
            page = api.call("admin.creators.list", params=params, headers=admin.headers).json()["data"]
            seen += [item["username"] for item in page["items"]]
            params = {"limit": 1, "cursor": page["nextCursor"]}
        assert (seen[0], set(seen[1:]), page["nextCursor"]) == ("cyd", {"ada", "bob"}, None)

    def test_a_row_is_what_is_told_of_one(self, api: Api, admin: Hired, ada: Creator) -> None:
        (row,) = api.call("admin.creators.list", headers=admin.headers).json()["data"]["items"]
        assert row == find(api, admin, ada.creator_id).json()["data"]

    def test_filters_are_combined(self, api: Api, admin: Hired, ada: Creator, tables: Tables) -> None:
        apart = {"level": "GOLD", "kyc_status": "APPROVED", "creator_status": "SUSPENDED", "discover_excluded": True}
        bob = creator(api, tables, "bob@example.com", "bob", **apart)
        tables.run("INSERT INTO creator_categories VALUES (%s, 'music')", bob.creator_id)
        asked = {"level": "GOLD", "kycStatus": "APPROVED", "creatorStatus": "SUSPENDED", "category": "Music"}
        for name, value in (asked | {"excluded": "true"}).items():
            assert listed(api, admin, **{name: value}) == ["bob"], name
        assert listed(api, admin, **asked, excluded="true", q="bob") == ["bob"]
        assert listed(api, admin, **asked, excluded="false") == []
        assert listed(api, admin, level="BRONZE", excluded="false") == ["ada"]
        assert listed(api, admin, category="art") == []

    def test_one_is_found_by_profile_account_address_phone_or_the_beginning_of_a_name(
        self, api: Api, admin: Hired, ada: Creator, tables: Tables
    ) -> None:
        creator(api, tables, "bob@example.com", "bob")
        change(tables, "users", ada.user_id, phone="+905551112233")
        for q in (ada.creator_id, ada.user_id, "ADA@example.com", "+90 555 111 22 33", "@ad", "ada"):
            assert listed(api, admin, q=str(q)) == ["ada"], q
        assert listed(api, admin, q=str(uuid4())) == []

    def test_what_can_be_none_of_these_is_refused(self, api: Api, admin: Hired) -> None:
        response = api.call("admin.creators.list", params={"q": "a b"}, headers=admin.headers)
        assert (response.status_code, code_of(response)) == (400, "admin.search_invalid")

    def test_a_cursor_that_is_none_is_refused(self, api: Api, admin: Hired) -> None:
        response = api.call("admin.creators.list", params={"cursor": "x"}, headers=admin.headers)
        assert (response.status_code, code_of(response)) == (400, "admin.cursor_invalid")

    def test_who_may_not_see_accounts_may_not(self, api: Api, server: Server) -> None:
        response = api.call("admin.creators.list", headers=member(server, "EDITOR").headers)
        assert (response.status_code, code_of(response)) == (403, "admin.permission_denied")


class TestFind:
    def test_it_tells_how_the_creator_stands(self, api: Api, admin: Hired, ada: Creator) -> None:
        response = find(api, admin, ada.creator_id)
        assert response.headers["etag"] == '"1"'
        told = response.json()["data"]
        assert (
            told.items() >= {"id": str(ada.creator_id), "username": "ada", "findable": True, "published": True}.items()
        )
        assert (told["level"], told["categories"], told["avgRating"]) == ("BRONZE", [], None)

    def test_of_one_that_is_none_nothing_is_told(self, api: Api, admin: Hired) -> None:
        response = find(api, admin, uuid4())
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")


class TestUpdate:
    def test_what_is_given_changes_and_is_recorded(self, api: Api, admin: Hired, ada: Creator, tables: Tables) -> None:
        version = tables.one("SELECT version FROM bio_pages")["version"]
        fields: dict[str, Any] = {"level": "GOLD", "categories": ["podcasts", "music"], "discoverExcluded": True}
        told = update(api, admin, ada.creator_id, **fields).json()["data"]
        assert (told["level"], told["categories"], told["discoverExcluded"]) == ("GOLD", ["music", "podcasts"], True)
        assert told["version"] == 2
        assert tables.one("SELECT version FROM bio_pages")["version"] > version
        card = tables.one("SELECT card, level FROM creator_search")
        assert (card["card"]["categories"], card["level"]) == (["music", "podcasts"], "GOLD")
        (entry,) = audited(tables, "admin.creators.update")
        assert entry["before"] == {"level": "BRONZE", "discover_excluded": False, "categories": []}
        assert entry["after"]["categories"] == ["music", "podcasts"]

    def test_categories_replace_the_former_ones(self, api: Api, admin: Hired, ada: Creator) -> None:
        update(api, admin, ada.creator_id, categories=["music"])
        told = update(api, admin, ada.creator_id, 2, categories=["art"]).json()["data"]
        assert told["categories"] == ["art"]

    @pytest.mark.parametrize(
        "categories", [["Music"], ["a b"], ["x"], ["music", "music"], [f"c{n}" for n in range(11)]]
    )
    def test_categories_have_their_form(self, api: Api, admin: Hired, ada: Creator, categories: list[str]) -> None:
        assert code_of(update(api, admin, ada.creator_id, categories=categories)) == "validation.failed"

    @pytest.mark.parametrize("slug", ["poetry", "radio"])
    def test_only_what_is_listed_and_active_is_given(
        self, api: Api, admin: Hired, ada: Creator, tables: Tables, slug: str
    ) -> None:
        response = update(api, admin, ada.creator_id, categories=["music", slug])
        assert (response.status_code, code_of(response)) == (400, "admin.category.unavailable")
        assert response.json()["error"]["i18nVars"] == {"slug": slug}
        assert (tables.count("creator_categories"), len(audited(tables, "admin.creators.update"))) == (0, 0)

    def test_what_the_creator_has_may_stay(self, api: Api, admin: Hired, ada: Creator, tables: Tables) -> None:
        for slug in ("radio", "poetry"):
            tables.run("INSERT INTO creator_categories VALUES (%s, %s)", ada.creator_id, slug)
        told = update(api, admin, ada.creator_id, categories=["poetry", "radio", "art"]).json()["data"]
        assert told["categories"] == ["art", "poetry", "radio"]
        update(api, admin, ada.creator_id, 2, categories=["art"])
        response = update(api, admin, ada.creator_id, 3, categories=["radio"])
        assert code_of(response) == "admin.category.unavailable"

    def test_who_read_another_version_is_refused(self, api: Api, admin: Hired, ada: Creator) -> None:
        response = update(api, admin, ada.creator_id, 7, level="GOLD")
        assert (response.status_code, code_of(response)) == (412, "precondition.failed")

    def test_one_that_is_none_is_not_found(self, api: Api, admin: Hired) -> None:
        assert code_of(update(api, admin, uuid4(), level="GOLD")) == "admin.not_found"


def feature(api: Api, caller: Hired, creator_id: Any, position: int = 1, **fields: Any) -> httpx.Response:
    body = {"creatorId": str(creator_id), "position": position} | fields
    return api.call("admin.featured.add", body, headers=caller.headers)


def on(api: Api, caller: Hired, operation: str, entry_id: Any, version: int = 1, body: Any = None) -> httpx.Response:
    headers = caller.headers | {"If-Match": f'"{version}"'}
    return api.call(f"admin.featured.{operation}", body, path=f"/admin/featured/{entry_id}", headers=headers)


def public(api: Api) -> list[str]:
    return [card["username"] for card in api.call("discover.featured").json()["data"]["creators"]]


BACKWARDS: dict[str, Any] = {"startsAt": "2030-01-02T00:00:00.000Z", "endsAt": "2030-01-01T00:00:00.000Z"}


class TestFeature:
    def test_the_public_sees_it_at_once(self, api: Api, admin: Hired, ada: Creator, tables: Tables) -> None:
        response = feature(api, admin, ada.creator_id)
        assert (response.status_code, public(api)) == (201, ["ada"])
        (entry,) = audited(tables, "admin.featured.add")
        assert entry["after"]["creator"] == str(ada.creator_id)

    def test_a_creator_has_one_entry(self, api: Api, admin: Hired, ada: Creator) -> None:
        feature(api, admin, ada.creator_id)
        response = feature(api, admin, ada.creator_id, 2)
        assert (response.status_code, code_of(response)) == (409, "admin.featured.already")

    @pytest.mark.parametrize(
        "restriction",
        [
            "UPDATE users SET status = 'BANNED' WHERE username = 'ada'",
            "UPDATE creator_profiles SET creator_status = 'SUSPENDED'",
        ],
    )
    def test_nobody_under_restriction_is_featured(
        self, api: Api, admin: Hired, ada: Creator, tables: Tables, restriction: str
    ) -> None:
        tables.run(restriction)
        response = feature(api, admin, ada.creator_id)
        assert (response.status_code, code_of(response)) == (409, "admin.featured.restricted")

    def test_who_is_none_cannot_be_featured(self, api: Api, admin: Hired) -> None:
        assert code_of(feature(api, admin, uuid4())) == "admin.not_found"

    def test_a_time_begins_before_it_ends(self, api: Api, admin: Hired, ada: Creator) -> None:
        response = feature(api, admin, ada.creator_id, **BACKWARDS)
        assert (response.status_code, code_of(response)) == (400, "admin.featured.window_invalid")


class TestEntries:
    def test_they_are_walked_by_position(self, api: Api, admin: Hired, tables: Tables) -> None:
        for name, position in (("ada", 2), ("bob", 1), ("cyd", 2)):
            one = findable(api, tables, f"{name}@example.com", name)
            feature(api, admin, one.creator_id, position)
        seen: list[str] = []
        params: dict[str, Any] = {"limit": 1}
        for _ in range(3):
            page = api.call("admin.featured.list", params=params, headers=admin.headers).json()["data"]
            seen += [item["username"] for item in page["items"]]
            params = {"limit": 1, "cursor": page["nextCursor"]}
        assert (seen[0], set(seen[1:]), page["nextCursor"]) == ("bob", {"ada", "cyd"}, None)

    def test_a_cursor_that_is_none_is_refused(self, api: Api, admin: Hired) -> None:
        response = api.call("admin.featured.list", params={"cursor": "x"}, headers=admin.headers)
        assert (response.status_code, code_of(response)) == (400, "admin.cursor_invalid")


class TestUpdateEntry:
    def test_what_is_given_changes(self, api: Api, admin: Hired, ada: Creator, tables: Tables) -> None:
        entry_id = feature(api, admin, ada.creator_id).json()["data"]["id"]
        told = on(api, admin, "update", entry_id, body={"position": 3, "startsAt": "2030-01-01T00:00:00Z"}).json()[
            "data"
        ]
        assert (told["position"], told["startsAt"], told["version"]) == (3, "2030-01-01T00:00:00.000Z", 2)
        assert public(api) == []
        told = on(api, admin, "update", entry_id, 2, {"startsAt": None}).json()["data"]
        assert (told["startsAt"], public(api)) == (None, ["ada"])
        assert len(audited(tables, "admin.featured.update")) == 2

    def test_a_time_begins_before_it_ends(self, api: Api, admin: Hired, ada: Creator) -> None:
        entry_id = feature(api, admin, ada.creator_id, startsAt=BACKWARDS["startsAt"]).json()["data"]["id"]
        response = on(api, admin, "update", entry_id, body={"endsAt": BACKWARDS["endsAt"]})
        assert (response.status_code, code_of(response)) == (400, "admin.featured.window_invalid")

    def test_who_read_another_version_is_refused(self, api: Api, admin: Hired, ada: Creator) -> None:
        entry_id = feature(api, admin, ada.creator_id).json()["data"]["id"]
        assert code_of(on(api, admin, "update", entry_id, 2, {"position": 2})) == "precondition.failed"

    def test_one_that_is_none_is_not_found(self, api: Api, admin: Hired) -> None:
        assert code_of(on(api, admin, "update", uuid4(), body={"position": 2})) == "admin.not_found"


class TestRemoveEntry:
    def test_it_is_gone(self, api: Api, admin: Hired, ada: Creator, tables: Tables) -> None:
        entry_id = feature(api, admin, ada.creator_id).json()["data"]["id"]
        assert on(api, admin, "remove", entry_id).status_code == 200
        assert (public(api), len(audited(tables, "admin.featured.remove"))) == ([], 1)
        changed(api, ada)
        assert code_of(on(api, admin, "remove", entry_id)) == "admin.not_found"

    def test_who_read_another_version_is_refused(self, api: Api, admin: Hired, ada: Creator) -> None:
        entry_id = feature(api, admin, ada.creator_id).json()["data"]["id"]
        assert code_of(on(api, admin, "remove", entry_id, 2)) == "precondition.failed"
