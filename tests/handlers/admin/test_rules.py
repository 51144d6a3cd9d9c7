"""Rules of moderation as staff writes, tries and counts them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.handlers.conftest import Clients
from tests.handlers.support import audited
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.moderation import follow, ruled
from tests.staff import Hired, member

TERM = {"kind": "TERM", "pattern": "Free  Money", "match": "WORD", "scopes": ["bio", "display_name"], "action": "FLAG"}
NAME = {"kind": "USERNAME", "pattern": "Moderation-Team", "match": "EXACT", "scopes": ["username"], "action": "BLOCK"}


@pytest.fixture
def moderator(server: Server) -> Hired:
    return member(server, "MODERATOR")


@pytest.fixture
def reserved(tables: Tables) -> Iterator[str]:
    """A name of the table that is not emptied, for one test."""
    name = f"reserved-{uuid4().hex}"
    yield name
    tables.run("DELETE FROM reserved_usernames WHERE username LIKE %s", f"{name}%")


def add(api: Api, caller: Hired, *rules: dict[str, Any]) -> httpx.Response:
    return api.call("admin.rules.add", {"rules": list(rules)}, headers=caller.headers)


def made(api: Api, caller: Hired, **changes: Any) -> dict[str, Any]:
    response = add(api, caller, TERM | changes)
    assert response.status_code == 201, response.text
    (rule,) = response.json()["data"]["items"]
    return dict(rule)


def update(api: Api, caller: Hired, rule_id: Any, version: int = 1, **body: Any) -> httpx.Response:
    headers = caller.headers | {"If-Match": f'"{version}"'}
    return api.call("admin.rules.update", body, path=f"/admin/moderation/rules/{rule_id}", headers=headers)


def remove(api: Api, caller: Hired, rule_id: Any) -> httpx.Response:
    return api.call("admin.rules.remove", path=f"/admin/moderation/rules/{rule_id}", headers=caller.headers)


def listed(api: Api, caller: Hired, **params: Any) -> dict[str, Any]:
    response = api.call("admin.rules.list", params=params, headers=caller.headers)
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


def tried(api: Api, caller: Hired, text: str, scope: str = "bio", **fields: Any) -> dict[str, Any]:
    response = api.call("admin.rules.test", {"text": text, "scope": scope} | fields, headers=caller.headers)
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


class TestAdd:
    def test_a_rule_is_kept_as_it_is_told(self, api: Api, moderator: Hired, tables: Tables) -> None:
        rule = made(api, moderator, locale="de")
        assert (rule["pattern"], rule["match"], rule["scopes"]) == ("Free Money", "WORD", ["bio", "display_name"])
        assert (rule["action"], rule["locale"], rule["hits"], rule["version"]) == ("FLAG", "de", 0, 1)
        (entry,) = audited(tables, "admin.rules.add")
        assert entry["actor_id"] == moderator.id
        assert entry["after"]["rules"][0]["pattern"] == "Free Money"

    def test_all_or_none(self, api: Api, moderator: Hired, tables: Tables) -> None:
        host = TERM | {"kind": "DOMAIN", "pattern": "evil.example"}
        response = add(api, moderator, TERM, host | {"match": "PREFIX"}, TERM | {"pattern": "\u200b!"}, NAME | TERM)
        assert (response.status_code, code_of(response)) == (400, "admin.rule.invalid")
        assert broken_rules(response) == {("rules.1.match", "enum"), ("rules.2.pattern", "minLength")}
        response = add(api, moderator, TERM | {"pattern": "a"}, NAME | {"scopes": ["bio"]}, NAME | {"locale": "de"})
        assert broken_rules(response) == {
            ("rules.0.pattern", "minLength"), ("rules.1.scopes", "enum"), ("rules.2.locale", "unknown"),
        }  # fmt: skip
        assert tables.count("moderation_rules") == 0

    def test_the_same_twice_is_told_by_its_place(self, api: Api, moderator: Hired, tables: Tables) -> None:
        made(api, moderator)
        again = TERM | {"pattern": "fr\u0435\u0435 m0ney"}
        response = add(api, moderator, TERM | {"pattern": "other"}, again)
        assert (code_of(response), broken_rules(response)) == (
            "admin.rule.invalid",
            {("rules.1.pattern", "duplicate")},
        )
        assert tables.count("moderation_rules") == 1

    def test_a_reserved_name_is_a_row_of_its_table(
        self, api: Api, moderator: Hired, tables: Tables, reserved: str
    ) -> None:
        response = add(api, moderator, NAME | {"pattern": reserved.upper()})
        (rule,) = response.json()["data"]["items"]
        assert (rule["pattern"], rule["kind"], rule["action"]) == (reserved, "USERNAME", "BLOCK")
        assert tables.one("SELECT id FROM reserved_usernames WHERE username = %s", reserved) == {"id": UUID(rule["id"])}
        assert tables.count("moderation_rules") == 0
        available = api.call("users.usernames.check", params={"username": f"{reserved}."[:30]})
        assert available.status_code == 200
        assert broken_rules(add(api, moderator, NAME | {"pattern": reserved})) == {("rules.0.pattern", "duplicate")}

    def test_more_than_a_hundred_are_refused(self, api: Api, moderator: Hired) -> None:
        rules = [TERM | {"pattern": f"term {number}"} for number in range(101)]
        assert broken_rules(add(api, moderator, *rules)) == {("rules", "maxItems")}
        assert add(api, moderator, *rules[:100]).status_code == 201

    def test_of_many_faults_fifty_are_told_and_that_there_are_more(self, api: Api, moderator: Hired) -> None:
        told = add(api, moderator, *[TERM] * 100).json()["error"]["details"]
        assert [(one["field"], one["rule"]) for one in told] == [
            *((f"rules.{place}.pattern", "duplicate") for place in range(1, 51)),
            ("", "more"),
        ]


class TestUpdate:
    def test_the_given_fields_change(self, api: Api, moderator: Hired, tables: Tables) -> None:
        rule = made(api, moderator, locale="de")
        response = update(api, moderator, rule["id"], action="BLOCK", locale=None)
        told = response.json()["data"]
        assert response.status_code == 200
        assert response.headers["ETag"] == '"2"'
        assert told == rule | {"action": "BLOCK", "locale": None, "version": 2}
        (entry,) = audited(tables, "admin.rules.update")
        assert (entry["before"]["action"], entry["after"]["action"]) == ("FLAG", "BLOCK")

    def test_an_unknown_one_is_not_found(self, api: Api, moderator: Hired) -> None:
        response = update(api, moderator, uuid4(), action="BLOCK")
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")

    def test_nobody_overwrites_unseen(self, api: Api, moderator: Hired) -> None:
        rule = made(api, moderator)
        assert update(api, moderator, rule["id"], action="BLOCK").status_code == 200
        response = update(api, moderator, rule["id"], action="FLAG")
        assert (response.status_code, response.headers["ETag"]) == (412, '"2"')

    def test_what_it_becomes_must_be_a_rule_and_a_new_one(self, api: Api, moderator: Hired) -> None:
        made(api, moderator, pattern="other")
        rule = made(api, moderator)
        assert broken_rules(update(api, moderator, rule["id"], pattern="a")) == {("pattern", "minLength")}
        assert broken_rules(update(api, moderator, rule["id"], pattern="OTHER")) == {("pattern", "duplicate")}

    def test_a_name_may_become_reserved_and_back(
        self, api: Api, moderator: Hired, tables: Tables, reserved: str
    ) -> None:
        rule = made(api, moderator, **NAME | {"pattern": reserved, "action": "FLAG"})
        into = update(api, moderator, rule["id"], action="BLOCK").json()["data"]
        assert into == rule | {"action": "BLOCK", "version": 2}
        assert tables.count("moderation_rules") == 0
        renamed = update(api, moderator, rule["id"], version=2, pattern=f"{reserved}x").json()["data"]
        assert (renamed["pattern"], renamed["version"]) == (f"{reserved}x", 3)
        assert update(api, moderator, rule["id"], version=2, action="FLAG").status_code == 412
        back = update(api, moderator, rule["id"], version=3, action="FLAG").json()["data"]
        assert back == rule | {"pattern": f"{reserved}x", "version": 4}
        assert tables.rows("SELECT 1 FROM reserved_usernames WHERE id = %s", rule["id"]) == []

    def test_twenty_changes_with_one_version_are_one(self, server: Server, clients: Clients, moderator: Hired) -> None:
        callers = [clients(server) for _ in range(20)]
        rule = made(callers[0], moderator)
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda api: update(api, moderator, rule["id"], action="BLOCK"), callers))
        assert sorted(answer.status_code for answer in answers) == [200] + [412] * 19


class TestRemove:
    def test_it_is_gone(self, api: Api, moderator: Hired, tables: Tables) -> None:
        rule = made(api, moderator)
        assert [remove(api, moderator, rule["id"]).status_code for _ in range(2)] == [200, 404]
        (entry,) = audited(tables, "admin.rules.remove")
        assert entry["before"]["pattern"] == "Free Money"

    def test_a_reserved_name_is_free_again(self, api: Api, moderator: Hired, tables: Tables, reserved: str) -> None:
        (rule,) = add(api, moderator, NAME | {"pattern": reserved}).json()["data"]["items"]
        assert remove(api, moderator, rule["id"]).status_code == 200
        assert tables.rows("SELECT 1 FROM reserved_usernames WHERE username = %s", reserved) == []


class TestList:
    def test_is_walked_with_reserved_names_among_the_rules(
        self, api: Api, moderator: Hired, tables: Tables, reserved: str
    ) -> None:
        for number in range(3):
            made(api, moderator, pattern=f"term {number}")
            add(api, moderator, NAME | {"pattern": f"{reserved}-{number}"})
        found: list[str] = []
        cursor = None
        while len(found) < 6:
            page = listed(api, moderator, limit=2, **({"cursor": cursor} if cursor else {}))
            found += [rule["pattern"] for rule in page["items"]]
            cursor = page["nextCursor"]
        assert found == [text for number in (2, 1, 0) for text in (f"{reserved}-{number}", f"term {number}")]
        assert cursor is not None  # the names that were reserved from the beginning

    def test_kinds_and_actions_narrow_it(self, api: Api, moderator: Hired) -> None:
        made(api, moderator)
        made(api, moderator, pattern="worse", action="BLOCK")
        told = listed(api, moderator, kind="TERM", action="BLOCK")
        assert [rule["pattern"] for rule in told["items"]] == ["worse"]
        assert told["nextCursor"] is None
        names = listed(api, moderator, action="BLOCK", kind="USERNAME")
        assert {rule["match"] for rule in names["items"]} == {"EXACT"}
        assert listed(api, moderator, kind="USERNAME", action="FLAG")["items"] == []

    def test_a_cursor_of_another_list_is_refused(self, api: Api, moderator: Hired) -> None:
        cursor = listed(api, moderator, limit=1)["nextCursor"]
        params = {"cursor": cursor, "kind": "USERNAME"}
        response = api.call("admin.rules.list", params=params, headers=moderator.headers)
        assert (response.status_code, code_of(response)) == (400, "admin.cursor_invalid")


class TestTest:
    def test_tells_which_rules_match_and_where(self, api: Api, moderator: Hired, tables: Tables) -> None:
        rule = made(api, moderator, action="BLOCK")
        text = "\U0001f911 FREE M\u043eney!"
        told = tried(api, moderator, text)
        (match,) = told["matches"]
        assert (told["action"], match["ruleId"], match["pattern"]) == ("BLOCK", rule["id"], "Free Money")
        assert text[match["start"] : match["end"]] == "FREE M\u043eney"
        (entry,) = audited(tables, "admin.rules.test")
        assert entry["after"] == {"scope": "bio", "matches": 1}

    def test_languages_narrow_it(self, api: Api, moderator: Hired) -> None:
        made(api, moderator, locale="de")
        found = [len(tried(api, moderator, "free money", **fields)["matches"]) for fields in ({}, {"locale": "en"})]
        assert found == [1, 0]

    def test_reserved_names_are_among_them(self, api: Api, moderator: Hired) -> None:
        told = tried(api, moderator, "adm1n", "username")
        assert (told["action"], [match["pattern"] for match in told["matches"]]) == ("BLOCK", ["admin"])

    def test_nothing_matches_nothing(self, api: Api, moderator: Hired) -> None:
        assert tried(api, moderator, "Notes on engines.") == {"action": None, "matches": []}

    def test_counts_no_hit(self, api: Api, server: Server, moderator: Hired, tables: Tables) -> None:
        ruled(server, "scam")
        tried(api, moderator, "scam")
        follow(server)
        assert tables.one("SELECT hits FROM moderation_rules") == {"hits": 0}


class TestHits:
    def test_are_counted_and_move_no_version(self, api: Api, server: Server, moderator: Hired, tables: Tables) -> None:
        rule_id = ruled(server, "scam", "BLOCK")
        for number in range(3):
            api.register(f"u{number}@example.com", displayName="Scam, scam!")
        follow(server)
        (rule,) = listed(api, moderator, kind="TERM")["items"]
        assert (rule["id"], rule["hits"], rule["version"]) == (str(rule_id), 3, 1)
        assert rule["lastHitAt"] is not None
        updated = update(api, moderator, rule_id, action="FLAG").json()["data"]
        assert updated == rule | {"action": "FLAG", "version": 2}
