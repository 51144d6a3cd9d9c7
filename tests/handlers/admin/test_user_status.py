"""Who is shut out by staff: with a statement, at once, and so that it can be taken back."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.handlers.conftest import Clients
from tests.handlers.support import account, audited, change, topics
from tests.harness import PASSWORD, Api, Server, Tables, bearer, broken_rules, code_of
from tests.restrictions import TOLD, excluded
from tests.staff import grant, hired, member

REASON = "Third notice in a month."
CHANGE = "admin.user_status.change"
LOGIN = {"email": "ada@example.com", "password": PASSWORD}


def put(
    api: Api, user_id: UUID, status: str, headers: dict[str, str], version: int = 1, dry: bool = False, **fields: Any
) -> httpx.Response:
    body = {"status": status, "reason": REASON} | fields
    params = {"dryRun": "true"} if dry else {}
    matching = headers | {"If-Match": f'"{version}"'}
    return api.call(CHANGE, body, path=f"/admin/users/{user_id}/status", headers=matching, params=params)


def status(tables: Tables, user_id: UUID) -> str:
    return str(tables.one("SELECT status FROM users WHERE id = %s", user_id)["status"])


@pytest.fixture
def moderator(server: Server) -> dict[str, str]:
    return hired(server, "MODERATOR")


class TestChange:
    @pytest.mark.parametrize("wanted", ["SUSPENDED", "BANNED"])
    def test_shuts_out_at_once(
        self, api: Api, server: Server, tables: Tables, clients: Clients, moderator: dict[str, str], wanted: str
    ) -> None:
        ada = account(api, tables)
        person = clients(server)
        access = bearer(person.sign_in())
        until = (datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0)
        response = put(api, ada, wanted, moderator, statement=TOLD, until=until.isoformat())
        data = response.json()["data"]
        assert (response.status_code, data["status"], data["version"]) == (200, wanted, 2)
        assert response.headers["ETag"] == '"2"'
        assert datetime.fromisoformat(data["until"]) == until
        ban = tables.one("SELECT id, statement_id, until FROM bans")
        assert (str(ban["id"]), str(ban["statement_id"]), ban["until"]) == (data["banId"], data["statementId"], until)
        assert person.call("auth.me", headers=access).status_code == 401
        assert person.call("auth.refresh").status_code == 401
        server.work_off()
        (mail,) = [mail for mail in api.mails("ada@example.com") if "restricted" in mail["subject"]]
        assert TOLD["facts"] in mail["text"]

    def test_is_recorded_with_reason_and_both_states(self, api: Api, server: Server, tables: Tables) -> None:
        ada, caller = account(api, tables), member(server, "MODERATOR")
        data = put(api, ada, "BANNED", caller.headers, statement=TOLD).json()["data"]
        (row,) = audited(tables, CHANGE)
        assert (row["actor_id"], row["target_id"], row["reason"]) == (caller.id, str(ada), REASON)
        assert row["before"] == {"status": "ACTIVE"}
        assert row["after"] == {"status": "BANNED", "until": None, "statement": data["statementId"]}
        statement = tables.one("SELECT decided_by, facts FROM statements_of_reasons")
        assert statement == {"decided_by": caller.id, "facts": TOLD["facts"]}

    @pytest.mark.parametrize("wanted", ["SUSPENDED", "BANNED"])
    def test_not_without_a_statement(self, api: Api, tables: Tables, moderator: dict[str, str], wanted: str) -> None:
        ada = account(api, tables)
        response = put(api, ada, wanted, moderator)
        assert (response.status_code, code_of(response)) == (400, "admin.statement_required")
        assert status(tables, ada) == "ACTIVE"

    def test_lifts_and_tells(self, api: Api, server: Server, tables: Tables, moderator: dict[str, str]) -> None:
        ada = account(api, tables)
        put(api, ada, "SUSPENDED", moderator, statement=TOLD)
        response = put(api, ada, "ACTIVE", moderator, version=2)
        data = response.json()["data"]
        assert (data["status"], data["banId"], data["until"], data["version"]) == ("ACTIVE", None, None, 3)
        assert topics(tables).count("email.restriction_ended") == 1
        assert tables.one("SELECT ended_as FROM statements_of_reasons") == {"ended_as": "LIFTED"}
        assert api.call("auth.login", LOGIN).status_code == 200

    def test_lifts_what_was_before_there_were_statements(
        self, api: Api, tables: Tables, moderator: dict[str, str]
    ) -> None:
        ada = account(api, tables, status="BANNED")
        assert put(api, ada, "ACTIVE", moderator).json()["data"]["status"] == "ACTIVE"
        assert topics(tables) == []

    @pytest.mark.parametrize(
        ("before", "after"),
        [("ACTIVE", "ACTIVE"), ("DEACTIVATED", "ACTIVE"), ("BANNED", "BANNED"), ("SUSPENDED", "SUSPENDED")],
    )
    def test_a_move_that_is_none_is_refused(
        self, api: Api, tables: Tables, moderator: dict[str, str], before: str, after: str
    ) -> None:
        ada = account(api, tables, status=before)
        response = put(api, ada, after, moderator, statement=TOLD)
        assert (response.status_code, code_of(response)) == (400, "admin.transition_invalid")
        assert response.json()["error"]["i18nVars"] == {"from": before, "to": after}

    def test_an_erased_account_is_gone(self, api: Api, tables: Tables, moderator: dict[str, str]) -> None:
        ada = account(api, tables, status="DELETED")
        for wanted in ("BANNED", "ACTIVE"):
            response = put(api, ada, wanted, moderator, statement=TOLD)
            assert (response.status_code, code_of(response)) == (409, "admin.user.erased")

    def test_an_unknown_account_is_not_found(self, api: Api, moderator: dict[str, str]) -> None:
        response = put(api, uuid4(), "BANNED", moderator, statement=TOLD)
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")

    def test_an_end_in_the_past_is_refused(self, api: Api, tables: Tables, moderator: dict[str, str]) -> None:
        ada = account(api, tables)
        response = put(api, ada, "BANNED", moderator, statement=TOLD, until="2020-01-01T00:00:00Z")
        assert broken_rules(response) == {("until", "minimum")}
        assert status(tables, ada) == "ACTIVE"

    @pytest.mark.parametrize(
        ("field", "value", "rule"),
        [
            ("facts", "too short", "minLength"),
            ("facts", "a" * 5001, "maxLength"),
            ("explanation", "too short", "minLength"),
            ("ground", "TASTE", "enum"),
            ("source", "GOSSIP", "enum"),
            ("reference", " ", "minLength"),
            ("territory", ["Germany"], "pattern"),
            ("verdict", "guilty", "unknown"),
        ],
    )
    def test_a_statement_outside_its_rules_is_refused(
        self, api: Api, tables: Tables, moderator: dict[str, str], field: str, value: Any, rule: str
    ) -> None:
        ada = account(api, tables)
        broken = broken_rules(put(api, ada, "BANNED", moderator, statement=TOLD | {field: value}))
        assert any(place.startswith(f"statement.{field}") and found == rule for place, found in broken), broken

    def test_nobody_overwrites_what_they_have_not_seen(
        self, api: Api, tables: Tables, moderator: dict[str, str]
    ) -> None:
        ada = account(api, tables)
        put(api, ada, "SUSPENDED", moderator, statement=TOLD)
        response = put(api, ada, "BANNED", moderator, statement=TOLD)
        assert (response.status_code, code_of(response)) == (412, "precondition.failed")
        assert response.headers["ETag"] == '"2"'
        assert status(tables, ada) == "SUSPENDED"

    def test_a_dry_run_leaves_nothing(self, api: Api, tables: Tables, moderator: dict[str, str]) -> None:
        ada = account(api, tables)
        before = tables.fingerprints()
        response = put(api, ada, "BANNED", moderator, dry=True, statement=TOLD)
        assert (response.json()["dryRun"], response.json()["data"]["status"]) == (True, "BANNED")
        assert tables.changed_since(before) <= {"sessions"}  # when staff was last seen

    def test_staff_is_only_for_who_manages_staff(self, api: Api, server: Server, tables: Tables) -> None:
        ada = account(api, tables)
        grant(server, ada, "SUPPORT")
        response = put(api, ada, "BANNED", hired(server, "ADMIN"), statement=TOLD)
        assert (response.status_code, code_of(response)) == (403, "admin.user.is_staff")
        assert put(api, ada, "BANNED", hired(server, "OWNER"), statement=TOLD).status_code == 200

    def test_the_last_owner_stays(self, api: Api, server: Server, tables: Tables) -> None:
        owner = member(server, "OWNER")
        response = put(api, owner.id, "BANNED", owner.headers, statement=TOLD)
        assert (response.status_code, code_of(response)) == (409, "admin.staff.last_owner")
        member(server, "OWNER")
        assert put(api, owner.id, "BANNED", owner.headers, statement=TOLD).status_code == 200


class TestChangeMany:
    def put(self, api: Api, headers: dict[str, str], ids: list[UUID], status: str, **fields: Any) -> httpx.Response:
        body = {"ids": [str(one) for one in ids], "status": status, "reason": REASON} | fields
        return api.call("admin.user_status.change_many", body, headers=headers)

    def test_each_is_as_if_it_were_alone(
        self, api: Api, server: Server, tables: Tables, moderator: dict[str, str]
    ) -> None:
        ada, eve = account(api, tables), account(api, tables, "eve@example.com", status="BANNED")
        gone, staff = account(api, tables, "old@example.com", status="DELETED"), member(server, "SUPPORT").id
        nobody = uuid4()
        response = self.put(api, moderator, [ada, eve, gone, staff, nobody, ada], "BANNED", statement=TOLD)
        assert response.status_code == 200, response.text
        assert [(one["id"], one["outcome"], one["code"]) for one in response.json()["data"]["results"]] == [
            (str(ada), "DONE", None),
            (str(eve), "UNCHANGED", None),
            (str(gone), "FAILED", "admin.user.erased"),
            (str(staff), "FAILED", "admin.user.is_staff"),
            (str(nobody), "FAILED", "admin.not_found"),
        ]
        assert [row["user_id"] for row in tables.rows("SELECT user_id FROM statements_of_reasons")] == [ada]
        single, whole = audited(tables, "admin.user_status.change_many")
        assert (single["target_id"], single["reason"], whole["target_id"]) == (str(ada), REASON, None)
        assert whole["after"] == {"DONE": 1, "UNCHANGED": 1, "FAILED": 3}
        assert topics(tables).count("email.statement_of_reasons") == 1

    def test_lets_in_again(self, api: Api, tables: Tables, moderator: dict[str, str]) -> None:
        ada, eve = account(api, tables), account(api, tables, "eve@example.com")
        self.put(api, moderator, [ada, eve], "SUSPENDED", statement=TOLD)
        self.put(api, moderator, [ada, eve], "ACTIVE")
        assert {status(tables, one) for one in (ada, eve)} == {"ACTIVE"}
        assert topics(tables).count("email.restriction_ended") == 2

    def test_the_last_owner_stays(self, api: Api, server: Server, tables: Tables) -> None:
        one, two = member(server, "OWNER"), member(server, "OWNER")
        results = self.put(api, one.headers, [two.id, one.id], "BANNED", statement=TOLD).json()["data"]["results"]
        assert [result["code"] for result in results] == [None, "admin.staff.last_owner"]

    def test_all_is_refused_without_a_statement_or_with_an_end_in_the_past(
        self, api: Api, tables: Tables, moderator: dict[str, str]
    ) -> None:
        ada = account(api, tables)
        response = self.put(api, moderator, [ada], "BANNED")
        assert (response.status_code, code_of(response)) == (400, "admin.statement_required")
        response = self.put(api, moderator, [ada], "BANNED", statement=TOLD, until="2020-01-01T00:00:00Z")
        assert broken_rules(response) == {("until", "minimum")}
        assert broken_rules(self.put(api, moderator, [], "BANNED", statement=TOLD)) == {("ids", "minItems")}
        assert ("ids", "maxItems") in broken_rules(self.put(api, moderator, [ada] * 101, "BANNED", statement=TOLD))

    def test_a_repetition_is_answered_from_the_first(self, api: Api, tables: Tables, moderator: dict[str, str]) -> None:
        headers, ada = moderator | {"Idempotency-Key": "one-fraud"}, account(api, tables)
        first = self.put(api, headers, [ada], "BANNED", statement=TOLD)
        again = self.put(api, headers, [ada], "BANNED", statement=TOLD)
        assert again.json()["data"] == first.json()["data"]
        assert again.headers["Idempotency-Replayed"] == "true"
        assert tables.count("statements_of_reasons") == 1

    def test_a_dry_run_leaves_nothing(self, api: Api, tables: Tables, moderator: dict[str, str]) -> None:
        ada, eve = account(api, tables), account(api, tables, "eve@example.com", status="DELETED")
        before = tables.fingerprints()
        body = {"ids": [str(ada), str(eve)], "status": "BANNED", "statement": TOLD, "reason": REASON}
        response = api.call("admin.user_status.change_many", body, headers=moderator, params={"dryRun": "true"})
        assert [one["outcome"] for one in response.json()["data"]["results"]] == ["DONE", "FAILED"]
        assert tables.changed_since(before) <= {"sessions"}


class TestRaces:
    def test_of_many_with_one_version_one_is_done(
        self, api: Api, server: Server, tables: Tables, clients: Clients, moderator: dict[str, str]
    ) -> None:
        server.configure(**{"ratelimit.enabled": False})
        ada = account(api, tables)
        callers = [clients(server) for _ in range(16)]
        with ThreadPoolExecutor(16) as pool:
            answers = list(
                pool.map(lambda one: put(one, ada, "BANNED", moderator, statement=TOLD).status_code, callers)
            )
        assert sorted(answers) == [200] + [412] * 15
        assert (tables.count("statements_of_reasons"), tables.count("bans")) == (1, 1)

    def test_two_owners_cannot_shut_each_other_out(
        self, api: Api, server: Server, tables: Tables, clients: Clients
    ) -> None:
        server.configure(**{"ratelimit.enabled": False})
        one, two = member(server, "OWNER"), member(server, "OWNER")
        acts = [(clients(server), one, two), (clients(server), two, one)]
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda a: put(a[0], a[2].id, "BANNED", a[1].headers, statement=TOLD), acts))
        assert sorted(answer.status_code for answer in answers)[0] == 200
        live = tables.rows("SELECT 1 FROM users u JOIN staff_roles r ON r.user_id = u.id WHERE u.status = 'ACTIVE'")
        assert len(live) == 1

    def test_an_end_by_hand_beside_that_of_its_time_is_one(
        self, api: Api, server: Server, tables: Tables, clients: Clients, moderator: dict[str, str]
    ) -> None:
        ada = account(api, tables)
        excluded(tables, ada, datetime.now(UTC))
        version = tables.one("SELECT admin_version FROM users WHERE id = %s", ada)["admin_version"]
        with ThreadPoolExecutor(2) as pool:
            by_hand = pool.submit(put, api, ada, "ACTIVE", moderator, version)
            pool.submit(server.let_time_come, "trust.lift_due").result()
            assert by_hand.result().status_code in (200, 412)
        assert status(tables, ada) == "ACTIVE"
        assert topics(tables).count("email.restriction_ended") == 1


def test_it_is_shut_out_on_every_node(
    start_server: Callable[..., Server], api: Api, server: Server, tables: Tables, moderator: dict[str, str]
) -> None:
    ada, other = account(api, tables), start_server(server.database_url)
    with other.client() as there:
        access = bearer(there.sign_in())
        assert there.call("auth.me", headers=access).status_code == 200
        assert put(api, ada, "BANNED", moderator, statement=TOLD).status_code == 200
        assert code_of(there.call("auth.me", headers=access)) == "auth.unauthenticated"
        assert there.call("auth.refresh").status_code == 401
        assert code_of(there.call("auth.login", LOGIN)) == "auth.login.account_suspended"


def test_from_the_exclusion_through_the_appeal_back_in(
    api: Api, server: Server, tables: Tables, moderator: dict[str, str]
) -> None:
    """The person only has the mail."""
    ada, reviewer = account(api, tables), hired(server, "MODERATOR")
    put(api, ada, "BANNED", moderator, statement=TOLD)
    (mail,) = api.mails("ada@example.com")
    link = re.search(r"/appeal\?token=([0-9a-f-]{36})", mail["text"])
    assert link is not None
    made = api.call("users.appeals.submit_by_link", {"token": link[1], "reason": "It was not me."})
    path = f"/admin/appeals/{made.json()['data']['id']}"
    found = api.call("admin.appeals.find", path=path, headers=reviewer).json()["data"]
    assert found["statement"]["userId"] == str(ada)
    assert api.call("admin.appeals.claim", path=f"{path}/claim", headers=reviewer).status_code == 200
    body = {"outcome": "GRANTED", "explanation": "It was another account."}
    assert api.call("admin.appeals.decide", body, path=f"{path}/decide", headers=reviewer).status_code == 200
    assert api.call("auth.login", LOGIN).status_code == 200


def test_what_is_marked_as_changed_by_hand_is_seen(api: Api, server: Server, tables: Tables) -> None:
    """A status that a release without statements set has no version of its own; the next change says so."""
    ada = account(api, tables)
    change(tables, "users", ada, status="SUSPENDED", admin_version=7)
    assert put(api, ada, "ACTIVE", hired(server, "ADMIN"), version=7).json()["data"]["version"] == 8
