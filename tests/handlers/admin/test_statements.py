"""Restrictions without a case, and the list of all."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.handlers.support import account, audited, change, insert, topics
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.restrictions import TOLD, excluded, restrict, restriction
from tests.staff import Hired, grant, hired, member

REASON = "Found during the weekly check."
PATH = "/admin/moderation/statements"
UNTIL = "2999-01-01T00:00:00.000Z"


@pytest.fixture
def moderator(server: Server) -> Hired:
    return member(server, "MODERATOR")


def add(api: Api, caller: Hired, user_id: UUID, kind: str, dry: bool = False, **fields: Any) -> httpx.Response:
    body = {"userId": str(user_id), "type": kind, "statement": TOLD, "reason": REASON} | fields
    params = {"dryRun": "true"} if dry else {}
    return api.call("admin.statements.add", body, headers=caller.headers, params=params)


def lift(api: Api, headers: dict[str, str], statement_id: Any) -> httpx.Response:
    body = {"reason": REASON}
    return api.call("admin.statements.lift", body, path=f"{PATH}/{statement_id}/lift", headers=headers)


class TestAdd:
    def test_takes_a_profile_out_of_sight(self, api: Api, tables: Tables, moderator: Hired) -> None:
        ada = account(api, tables, bio="Win a prize", display_name="Prize", username="ada")
        response = add(api, moderator, ada, "VISIBILITY_REMOVED")
        data = response.json()["data"]
        assert (response.status_code, data["userId"], data["decidedBy"]) == (201, str(ada), str(moderator.id))
        row = tables.one("SELECT bio, display_name, username, status FROM users WHERE id = %s", ada)
        assert row == {"bio": None, "display_name": None, "username": "ada", "status": "ACTIVE"}
        assert topics(tables) == ["email.statement_of_reasons"]
        (entry,) = audited(tables, "admin.statements.add")
        assert (entry["target_id"], entry["reason"]) == (str(ada), REASON)
        assert entry["after"] == {"type": "VISIBILITY_REMOVED", "until": None, "statement": data["id"]}

    def test_excludes_as_the_status_does(self, api: Api, tables: Tables, moderator: Hired) -> None:
        ada = account(api, tables)
        data = add(api, moderator, ada, "ACCOUNT_BANNED", until="2999-01-01T00:00:00Z").json()["data"]
        ban = tables.one("SELECT id, user_id, status FROM bans")
        assert (str(ban["id"]), ban["user_id"], ban["status"]) == (data["banId"], ada, "BANNED")
        assert data["endsAt"] == "2999-01-01T00:00:00.000Z"
        assert tables.one("SELECT status FROM users WHERE id = %s", ada) == {"status": "BANNED"}

    def test_a_dry_run_leaves_nothing(self, api: Api, tables: Tables, moderator: Hired) -> None:
        ada = account(api, tables)
        before = tables.fingerprints()
        assert add(api, moderator, ada, "ACCOUNT_BANNED", dry=True).json()["dryRun"] is True
        assert tables.changed_since(before) <= {"sessions"}

    def test_what_cannot_be_is_refused(self, api: Api, server: Server, tables: Tables, moderator: Hired) -> None:
        ada, owner = account(api, tables), member(server, "OWNER")
        assert code_of(add(api, moderator, uuid4(), "ACCOUNT_BANNED")) == "admin.not_found"
        assert broken_rules(add(api, moderator, ada, "ACCOUNT_BANNED", until="2020-01-01T00:00:00Z")) == {
            ("until", "minimum")
        }
        assert ("statement.facts", "minLength") in broken_rules(
            add(api, moderator, ada, "ACCOUNT_BANNED", statement=TOLD | {"facts": "short"})
        )
        assert code_of(add(api, owner, owner.id, "ACCOUNT_BANNED")) == "admin.staff.last_owner"
        assert code_of(add(api, moderator, owner.id, "VISIBILITY_REMOVED")) == "admin.user.is_staff"
        change(tables, "users", ada, status="BANNED")
        assert code_of(add(api, moderator, ada, "ACCOUNT_BANNED")) == "admin.transition_invalid"
        change(tables, "users", ada, status="DELETED")
        for kind in ("VISIBILITY_REMOVED", "ACCOUNT_BANNED"):
            assert code_of(add(api, moderator, ada, kind)) == "admin.user.erased"
        assert tables.count("statements_of_reasons") == 0


class TestLift:
    def test_restores_what_was_there(self, api: Api, tables: Tables, moderator: Hired) -> None:
        ada = account(api, tables, bio="of numbers", display_name="Ada")
        made = add(api, moderator, ada, "VISIBILITY_REMOVED").json()["data"]["id"]
        data = lift(api, moderator.headers, made).json()["data"]
        assert (data["endedAs"], data["liftedBy"]) == ("LIFTED", str(moderator.id))
        row = tables.one("SELECT bio, display_name FROM users WHERE id = %s", ada)
        assert row == {"bio": "of numbers", "display_name": "Ada"}
        assert topics(tables).count("email.restriction_ended") == 1
        (entry,) = audited(tables, "admin.statements.lift")
        assert (entry["target_id"], entry["before"]["statement"], entry["reason"]) == (str(ada), made, REASON)

    def test_tells_when_it_would_have_ended(self, api: Api, tables: Tables, moderator: Hired) -> None:
        made = add(api, moderator, account(api, tables), "ACCOUNT_BANNED", until=UNTIL).json()["data"]
        data = lift(api, moderator.headers, made["id"]).json()["data"]
        assert (data["endsAt"], data["banId"], data["endedAs"]) == (UNTIL, made["banId"], "LIFTED")
        assert data["liftedAt"] < data["endsAt"]

    def test_once(self, api: Api, tables: Tables, moderator: Hired) -> None:
        statement = excluded(tables, account(api, tables))
        assert lift(api, moderator.headers, statement).status_code == 200
        response = lift(api, moderator.headers, statement)
        assert (response.status_code, code_of(response)) == (400, "admin.transition_invalid")
        assert response.json()["error"]["i18nVars"] == {"from": "LIFTED", "to": "LIFTED"}

    def test_an_unknown_one_is_not_found(self, api: Api, moderator: Hired) -> None:
        assert code_of(lift(api, moderator.headers, uuid4())) == "admin.not_found"

    def test_that_of_staff_is_for_who_manages_staff(
        self, api: Api, server: Server, tables: Tables, moderator: Hired
    ) -> None:
        ada = account(api, tables)
        grant(server, ada, "SUPPORT")
        statement = excluded(tables, ada)
        assert code_of(lift(api, moderator.headers, statement)) == "admin.user.is_staff"
        assert lift(api, hired(server, "OWNER"), statement).status_code == 200


class TestFind:
    def test_shows_all_of_it(self, api: Api, server: Server, tables: Tables) -> None:
        ada = account(api, tables)
        made = restrict(server, "ACCOUNT_BANNED", ada, told={"territory": ["DE"], "automatedDetection": True})
        response = api.call("admin.statements.find", path=f"{PATH}/{made.id}", headers=hired(server, "AUDITOR"))
        data = response.json()["data"]
        assert (data["id"], data["territory"], data["automatedDetection"]) == (str(made.id), ["DE"], True)
        assert data["banId"] == str(tables.one("SELECT id FROM bans")["id"])

    def test_an_unknown_one_is_not_found(self, api: Api, server: Server) -> None:
        response = api.call("admin.statements.find", path=f"{PATH}/{uuid4()}", headers=hired(server, "AUDITOR"))
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")


class TestList:
    def listed(self, api: Api, server: Server, **params: Any) -> list[str]:
        headers, seen, cursor = hired(server, "AUDITOR"), [], None
        while True:
            asked = params | ({"cursor": cursor} if cursor else {})
            response = api.call("admin.statements.list", headers=headers, params=asked)
            assert response.status_code == 200, response.text
            data = response.json()["data"]
            seen += [item["id"] for item in data["items"]]
            cursor = data["nextCursor"]
            if cursor is None:
                return seen

    def test_tells_who_decided_it_until_when_and_the_ban_it_made(
        self, api: Api, tables: Tables, moderator: Hired
    ) -> None:
        made = add(api, moderator, account(api, tables), "ACCOUNT_BANNED", until=UNTIL).json()["data"]
        (item,) = api.call("admin.statements.list", headers=moderator.headers).json()["data"]["items"]
        ban = tables.one("SELECT id FROM bans")["id"]
        assert item == made
        assert (item["decidedBy"], item["endsAt"], item["banId"]) == (str(moderator.id), UNTIL, str(ban))

    def test_is_walked_newest_first(self, api: Api, server: Server, tables: Tables) -> None:
        ada = account(api, tables)
        made = [str(restriction(tables, ada, created_at=f"2026-01-0{day}")) for day in range(1, 6)]
        assert self.listed(api, server, limit=2) == made[::-1]

    def test_is_narrowed(self, api: Api, server: Server, tables: Tables) -> None:
        ada, eve = account(api, tables), account(api, tables, "eve@example.com")
        ended = restriction(tables, ada, created_at="2026-01-01", lifted_at="2026-01-02")
        illegal = restriction(tables, ada, created_at="2026-01-03", ground="ILLEGAL")
        limited = restriction(tables, eve, created_at="2026-01-04", type="VISIBILITY_LIMITED")
        for params, found in (
            ({"userId": str(ada)}, [illegal, ended]),
            ({"type": "VISIBILITY_LIMITED"}, [limited]),
            ({"ground": "ILLEGAL"}, [illegal]),
            ({"live": "true"}, [limited, illegal]),
            ({"live": "false"}, [ended]),
            ({"userId": str(ada), "live": "true"}, [illegal]),
        ):
            assert self.listed(api, server, **params) == [str(one) for one in found], params

    def test_a_cursor_of_another_filter_is_refused(self, api: Api, server: Server, tables: Tables) -> None:
        ada, headers = account(api, tables), hired(server, "AUDITOR")
        for day in (1, 2):
            restriction(tables, ada, created_at=f"2026-01-0{day}")
        page = api.call("admin.statements.list", headers=headers, params={"limit": 1}).json()["data"]
        asked = {"limit": 1, "live": "true", "cursor": page["nextCursor"]}
        response = api.call("admin.statements.list", headers=headers, params=asked)
        assert (response.status_code, code_of(response)) == (400, "admin.cursor_invalid")


def test_one_whose_time_has_come_is_told_as_expired(api: Api, server: Server, tables: Tables) -> None:
    statement = excluded(tables, account(api, tables), datetime.now(UTC) - timedelta(seconds=1))
    server.let_time_come("trust.lift_due")
    found = api.call("admin.statements.find", path=f"{PATH}/{statement}", headers=hired(server, "AUDITOR"))
    assert (found.json()["data"]["endedAs"], found.json()["data"]["liftedBy"]) == ("EXPIRED", None)


def test_the_person_sees_no_name_of_the_staff(api: Api, server: Server, tables: Tables) -> None:
    ada = account(api, tables)
    access = api.sign_in()
    insert(tables, "known_devices", user_id=ada, device_hash=b"d", network=b"n", area=b"a", last_seen_at="2026-01-01")
    add(api, member(server, "MODERATOR"), ada, "VISIBILITY_REMOVED")
    shown = api.call("users.statements.list", headers={"Authorization": f"Bearer {access}"}).json()["data"]["items"][0]
    assert {"decidedBy", "liftedBy", "caseId", "reportId"}.isdisjoint(shown)
