"""Templates of bio pages as staff makes, changes and removes them."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.creators import creator
from tests.editions import follow
from tests.handlers.support import audited, insert
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.staff import Hired, member

TOKENS = [{"name": "background", "value": "#fff"}, {"name": "primary", "value": "rgb(0 0 0 / 10%)"}]
SEEDED = 6


@pytest.fixture
def admin(server: Server) -> Hired:
    return member(server, "ADMIN")


def add(api: Api, caller: Hired, **fields: Any) -> httpx.Response:
    return api.call("admin.bio_templates.add", {"name": "Paper"} | fields, headers=caller.headers)


def made(api: Api, caller: Hired, **fields: Any) -> dict[str, Any]:
    response = add(api, caller, **fields)
    assert response.status_code == 201, response.text
    return dict(response.json()["data"])


def on(api: Api, caller: Hired, operation: str, template_id: Any, version: int | None = 1, body: Any = None) -> Any:
    headers = caller.headers | ({} if version is None else {"If-Match": f'"{version}"'})
    path = f"/admin/bio-templates/{template_id}"
    return api.call(f"admin.bio_templates.{operation}", body, path=path, headers=headers)


def public(api: Api, server: Server) -> list[str]:
    follow(server)
    return [each["name"] for each in api.call("creators.bio.templates").json()["data"]]


class TestAdd:
    def test_it_is_offered_as_it_is_told(self, api: Api, server: Server, admin: Hired, tables: Tables) -> None:
        fields = {"tokens": TOKENS, "description": "Like paper.", "sortOrder": 7}
        template = made(api, admin, **fields)
        assert template.items() >= ({"active": True, "version": 1, "thumbnail": None} | fields).items()
        assert "Paper" in public(api, server)
        (entry,) = audited(tables, "admin.bio_templates.add")
        assert entry["after"]["tokens"] == {"background": "#fff", "primary": "rgb(0 0 0 / 10%)"}

    def test_a_name_is_taken_once(self, api: Api, admin: Hired) -> None:
        made(api, admin)
        response = add(api, admin)
        assert (response.status_code, code_of(response)) == (409, "admin.bio_template.name_taken")

    def test_a_token_occurs_once_and_is_plain(self, api: Api, admin: Hired) -> None:
        response = add(api, admin, tokens=[*TOKENS, TOKENS[0]])
        assert (response.status_code, code_of(response)) == (400, "admin.theme.name_twice")
        assert broken_rules(response) == {("tokens.2.name", "duplicate")}
        for value in ("url(https://evil.example/x)", "</style>", "red; color: blue"):
            assert code_of(add(api, admin, tokens=[{"name": "a", "value": value}])) == "validation.failed"


class TestFind:
    def test_one_with_its_version(self, api: Api, admin: Hired) -> None:
        template = made(api, admin, tokens=TOKENS)
        response = on(api, admin, "find", template["id"], None)
        assert (response.json()["data"], response.headers["ETag"]) == (template, '"1"')
        assert code_of(on(api, admin, "find", uuid4(), None)) == "admin.not_found"


class TestList:
    def test_all_in_their_order_by_pages(self, api: Api, admin: Hired) -> None:
        made(api, admin, name="Aa", active=False, sortOrder=0)
        first = api.call("admin.bio_templates.list", params={"limit": 4}, headers=admin.headers).json()["data"]
        params = {"limit": 4, "cursor": first["nextCursor"]}
        rest = api.call("admin.bio_templates.list", params=params, headers=admin.headers).json()["data"]
        names = [each["name"] for each in first["items"] + rest["items"]]
        assert names == ["Aa", "Classic", "Midnight", "Sunrise", "Forest", "Minimal", "Terminal"]
        assert rest["nextCursor"] is None

    def test_names_of_wide_letters_are_walked(self, api: Api, admin: Hired) -> None:
        for number in range(3):
            made(api, admin, name=f"{number}" + "\U0001f600" * 39, sortOrder=900)
        seen, cursor = list[str](), None
        while cursor is not None or not seen:
            params = {"limit": 1} | ({"cursor": cursor} if cursor else {})
            page = api.call("admin.bio_templates.list", params=params, headers=admin.headers).json()["data"]
            seen += [each["name"] for each in page["items"]]
            cursor = page["nextCursor"]
        assert len(seen) == len(set(seen)) == SEEDED + 3

    def test_another_cursor_is_refused(self, api: Api, admin: Hired) -> None:
        response = api.call("admin.bio_templates.list", params={"cursor": "nonsense"}, headers=admin.headers)
        assert (response.status_code, code_of(response)) == (400, "admin.cursor_invalid")


class TestUpdate:
    def test_the_given_fields_change(self, api: Api, server: Server, admin: Hired, tables: Tables) -> None:
        template = made(api, admin, tokens=TOKENS)
        response = on(api, admin, "update", template["id"], 1, {"active": False, "name": "Card"})
        assert (response.status_code, response.headers["ETag"]) == (200, '"2"')
        told = response.json()["data"]
        expected = {"name": "Card", "active": False, "version": 2, "updatedAt": told["updatedAt"]}
        assert told == template | expected
        assert "Card" not in public(api, server)
        (entry,) = audited(tables, "admin.bio_templates.update")
        assert (entry["before"], entry["after"]) == (
            {"name": "Paper", "active": True},
            {"name": "Card", "active": False},
        )

    def test_faults(self, api: Api, admin: Hired) -> None:
        template = made(api, admin)
        assert code_of(on(api, admin, "update", uuid4(), 1, {"name": "x"})) == "admin.not_found"
        taken = on(api, admin, "update", template["id"], 1, {"name": "Classic"})
        assert code_of(taken) == "admin.bio_template.name_taken"
        twice = on(api, admin, "update", template["id"], 1, {"tokens": [TOKENS[0], TOKENS[0]]})
        assert code_of(twice) == "admin.theme.name_twice"
        assert on(api, admin, "update", template["id"], 1, {"name": "One"}).status_code == 200
        late = on(api, admin, "update", template["id"], 1, {"name": "Two"})
        assert (late.status_code, late.headers["ETag"]) == (412, '"2"')
        assert on(api, admin, "update", template["id"], None, {"name": "Two"}).status_code == 428


class TestRemove:
    def test_one_that_no_page_has_is_gone(self, api: Api, server: Server, admin: Hired, tables: Tables) -> None:
        template = made(api, admin)
        assert on(api, admin, "remove", template["id"]).status_code == 200
        assert "Paper" not in public(api, server)
        assert len(audited(tables, "admin.bio_templates.remove")) == 1
        assert code_of(on(api, admin, "remove", template["id"])) == "admin.not_found"

    def test_one_that_a_page_has_stays(self, api: Api, admin: Hired, tables: Tables) -> None:
        template_id = insert(tables, "bio_templates", name="Paper")
        one = creator(api, tables, page={"template_id": template_id})
        response = on(api, admin, "remove", template_id)
        assert (response.status_code, code_of(response)) == (409, "admin.bio_template.in_use")
        assert tables.one("SELECT template_id FROM bio_pages WHERE id = %s", one.page_id)["template_id"] == template_id

    def test_only_in_the_version_that_was_read(self, api: Api, admin: Hired) -> None:
        template = made(api, admin)
        assert on(api, admin, "update", template["id"], 1, {"active": False}).status_code == 200
        response = on(api, admin, "remove", template["id"])
        assert (response.status_code, code_of(response)) == (412, "precondition.failed")

    def test_an_auditor_may_not(self, api: Api, server: Server, admin: Hired) -> None:
        template = made(api, admin)
        assert code_of(on(api, member(server, "AUDITOR"), "remove", template["id"])) == "admin.permission_denied"
