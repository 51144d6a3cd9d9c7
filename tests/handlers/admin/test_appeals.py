"""Appeals: claimed by one, decided by another person than before, told either way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.handlers.conftest import Clients
from tests.handlers.support import account, audited, change, insert, topics
from tests.harness import PASSWORD, Api, Server, Tables, broken_rules, code_of
from tests.restrictions import excluded, restrict, restriction
from tests.staff import Hired, member

WHY = "The account was mistaken for another one."
PATH = "/admin/appeals"


def appeal(tables: Tables, user_id: UUID, statement: UUID | None = None, **columns: Any) -> UUID:
    row = {"type": "ban", "reason": "It was not me.", "status": "PENDING", "statement_id": statement}
    return insert(tables, "appeals", user_id=user_id, **(row | columns))


def claimed(tables: Tables, by: Hired, user_id: UUID, statement: UUID | None = None) -> UUID:
    return appeal(tables, user_id, statement, status="UNDER_REVIEW", assignee=by.id, claimed_at=datetime.now(UTC))


def claim(api: Api, caller: Hired, appeal_id: UUID) -> httpx.Response:
    return api.call("admin.appeals.claim", path=f"{PATH}/{appeal_id}/claim", headers=caller.headers)


def decide(api: Api, caller: Hired, appeal_id: UUID, outcome: str, **fields: Any) -> httpx.Response:
    body = {"outcome": outcome, "explanation": WHY} | fields
    return api.call("admin.appeals.decide", body, path=f"{PATH}/{appeal_id}/decide", headers=caller.headers)


@pytest.fixture
def reviewer(server: Server) -> Hired:
    return member(server, "MODERATOR")


class TestList:
    def listed(self, api: Api, caller: Hired, **params: Any) -> list[str]:
        seen, cursor = [], None
        while True:
            asked = params | ({"cursor": cursor} if cursor else {})
            data = api.call("admin.appeals.list", headers=caller.headers, params=asked).json()["data"]
            seen += [item["id"] for item in data["items"]]
            cursor = data["nextCursor"]
            if cursor is None:
                return seen

    def test_the_oldest_comes_first(self, api: Api, tables: Tables, reviewer: Hired) -> None:
        ada = account(api, tables)
        made = [str(appeal(tables, ada, status="DECIDED", created_at=f"2026-01-0{day}")) for day in range(1, 6)]
        assert self.listed(api, reviewer, limit=2) == made

    def test_tells_what_each_is_against(self, api: Api, tables: Tables, reviewer: Hired) -> None:
        ada = account(api, tables)
        statement = excluded(tables, ada)
        appeal(tables, ada, statement)
        (item,) = api.call("admin.appeals.list", headers=reviewer.headers).json()["data"]["items"]
        assert (item["userId"], item["statementId"]) == (str(ada), str(statement))

    def test_is_narrowed(self, api: Api, tables: Tables, reviewer: Hired) -> None:
        ada, eve = account(api, tables), account(api, tables, "eve@example.com")
        pending, decided = appeal(tables, ada, type="content_removal"), appeal(tables, eve, status="DECIDED")
        assert self.listed(api, reviewer, status="PENDING") == [str(pending)]
        assert self.listed(api, reviewer, type="ban") == [str(decided)]
        assert self.listed(api, reviewer, type="ban", status="PENDING") == []

    def test_a_cursor_of_another_list_is_refused(self, api: Api, reviewer: Hired) -> None:
        response = api.call("admin.appeals.list", headers=reviewer.headers, params={"cursor": "x"})
        assert (response.status_code, code_of(response)) == (400, "admin.cursor_invalid")


class TestFind:
    def test_shows_the_restriction_and_what_was_before(self, api: Api, tables: Tables, reviewer: Hired) -> None:
        ada = account(api, tables)
        statement = excluded(tables, ada, datetime(2999, 1, 1, tzinfo=UTC))
        former = appeal(tables, ada, status="DECIDED", outcome="DENIED", created_at="2026-01-01")
        found = appeal(tables, ada, statement, evidence="https://example.com/proof")
        data = api.call("admin.appeals.find", path=f"{PATH}/{found}", headers=reviewer.headers).json()["data"]
        assert (data["appeal"]["id"], data["appeal"]["evidence"]) == (str(found), "https://example.com/proof")
        assert (data["statement"]["id"], data["statement"]["type"]) == (str(statement), "ACCOUNT_SUSPENDED")
        assert data["statement"]["endsAt"] == "2999-01-01T00:00:00.000Z"
        (earlier,) = data["earlier"]
        assert (earlier["id"], earlier["outcome"]) == (str(former), "DENIED")

    def test_one_against_nothing_that_we_know(self, api: Api, tables: Tables, reviewer: Hired) -> None:
        found = appeal(tables, account(api, tables))
        data = api.call("admin.appeals.find", path=f"{PATH}/{found}", headers=reviewer.headers).json()["data"]
        assert ("statement" in data, data["earlier"]) == (False, [])

    def test_an_unknown_one_is_not_found(self, api: Api, reviewer: Hired) -> None:
        response = api.call("admin.appeals.find", path=f"{PATH}/{uuid4()}", headers=reviewer.headers)
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")


class TestClaim:
    def test_it_is_the_callers(self, api: Api, tables: Tables, reviewer: Hired) -> None:
        found = appeal(tables, account(api, tables))
        data = claim(api, reviewer, found).json()["data"]
        assert (data["status"], data["assignee"]) == ("UNDER_REVIEW", str(reviewer.id))
        again = claim(api, reviewer, found)
        assert (again.status_code, again.json()["data"]["claimedAt"]) == (200, data["claimedAt"])
        assert len(audited(tables, "admin.appeals.claim")) == 1

    def test_that_of_another_is_taken(self, api: Api, server: Server, tables: Tables, reviewer: Hired) -> None:
        found = claimed(tables, member(server, "ADMIN"), account(api, tables))
        response = claim(api, reviewer, found)
        assert (response.status_code, code_of(response)) == (409, "admin.case.taken")

    @pytest.mark.parametrize(
        "gone", ["DELETE FROM staff_roles WHERE user_id = %s", "UPDATE users SET status = 'BANNED' WHERE id = %s"]
    )
    def test_one_that_was_left_behind_is_free(
        self, api: Api, server: Server, tables: Tables, reviewer: Hired, gone: str
    ) -> None:
        other = member(server, "ADMIN")
        found = claimed(tables, other, account(api, tables))
        tables.run(gone, other.id)
        assert claim(api, reviewer, found).json()["data"]["assignee"] == str(reviewer.id)

    def test_a_decided_one_is_refused(self, api: Api, tables: Tables, reviewer: Hired) -> None:
        response = claim(api, reviewer, appeal(tables, account(api, tables), status="DECIDED"))
        assert (response.status_code, code_of(response)) == (400, "admin.transition_invalid")

    def test_an_unknown_one_is_not_found(self, api: Api, reviewer: Hired) -> None:
        assert code_of(claim(api, reviewer, uuid4())) == "admin.not_found"

    def test_of_many_one_gets_it(self, api: Api, server: Server, tables: Tables, clients: Clients) -> None:
        server.configure(**{"ratelimit.enabled": False})
        found = appeal(tables, account(api, tables))
        callers = [(clients(server), member(server, "MODERATOR")) for _ in range(12)]
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda one: claim(one[0], one[1], found).status_code, callers))
        assert sorted(answers) == [200] + [409] * 11
        assert len(audited(tables, "admin.appeals.claim")) == 1


class TestDecide:
    def test_granted_it_lifts_and_restores(self, api: Api, server: Server, tables: Tables, reviewer: Hired) -> None:
        ada = account(api, tables)
        statement = restrict(server, "ACCOUNT_BANNED", ada).id
        data = decide(api, reviewer, claimed(tables, reviewer, ada, statement), "GRANTED").json()["data"]
        assert (data["status"], data["outcome"], data["decidedBy"]) == ("DECIDED", "GRANTED", str(reviewer.id))
        row = tables.one("SELECT ended_as, lifted_by FROM statements_of_reasons")
        assert row == {"ended_as": "GRANTED", "lifted_by": reviewer.id}
        assert tables.one("SELECT status FROM users WHERE id = %s", ada) == {"status": "ACTIVE"}
        assert api.call("auth.login", {"email": "ada@example.com", "password": PASSWORD}).status_code == 200

    def test_granted_it_brings_content_back(self, api: Api, server: Server, tables: Tables, reviewer: Hired) -> None:
        ada = account(api, tables, bio="of numbers")
        made = restrict(server, "VISIBILITY_REMOVED", ada, {"bio": None}, target=("BIO", None))
        decide(api, reviewer, claimed(tables, reviewer, ada, made.id), "GRANTED")
        assert tables.one("SELECT bio FROM users WHERE id = %s", ada) == {"bio": "of numbers"}

    def test_granted_after_the_end_it_is_said_all_the_same(self, api: Api, tables: Tables, reviewer: Hired) -> None:
        ada = account(api, tables)
        statement = restriction(tables, ada, lifted_at="2026-01-01", ended_as="EXPIRED")
        assert decide(api, reviewer, claimed(tables, reviewer, ada, statement), "GRANTED").status_code == 200
        assert tables.one("SELECT ended_as FROM statements_of_reasons") == {"ended_as": "EXPIRED"}

    def test_partly_it_ends_earlier(self, api: Api, tables: Tables, reviewer: Hired) -> None:
        ada, until = account(api, tables), datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
        statement = excluded(tables, ada)
        found = claimed(tables, reviewer, ada, statement)
        assert decide(api, reviewer, found, "PARTLY", until=until.isoformat()).status_code == 200
        assert tables.one("SELECT ends_at FROM statements_of_reasons") == {"ends_at": until}
        assert tables.one("SELECT until FROM bans") == {"until": until}
        assert tables.one("SELECT status FROM users WHERE id = %s", ada) == {"status": "SUSPENDED"}

    def test_partly_it_needs_an_end_that_is_earlier(self, api: Api, tables: Tables, reviewer: Hired) -> None:
        ada, end = account(api, tables), datetime.now(UTC) + timedelta(days=3)
        found = claimed(tables, reviewer, ada, excluded(tables, ada, end))
        for until, rule in (
            (None, "required"),
            (datetime.now(UTC) - timedelta(days=1), "minimum"),
            (end + timedelta(days=1), "maximum"),
        ):
            fields = {} if until is None else {"until": until.isoformat()}
            assert broken_rules(decide(api, reviewer, found, "PARTLY", **fields)) == {("until", rule)}
        assert tables.one("SELECT status FROM appeals") == {"status": "UNDER_REVIEW"}

    def test_partly_there_must_be_something_to_shorten(self, api: Api, tables: Tables, reviewer: Hired) -> None:
        ada = account(api, tables)
        found = claimed(tables, reviewer, ada)
        response = decide(api, reviewer, found, "PARTLY", until="2999-01-01T00:00:00Z")
        assert (response.status_code, code_of(response)) == (400, "admin.transition_invalid")
        ended = restriction(tables, ada, lifted_at="2026-01-01", ended_as="LIFTED")
        change(tables, "appeals", found, statement_id=ended)
        response = decide(api, reviewer, found, "PARTLY", until="2999-01-01T00:00:00Z")
        assert response.json()["error"]["i18nVars"] == {"from": "LIFTED", "to": "PARTLY"}

    def test_denied_it_stays(self, api: Api, tables: Tables, reviewer: Hired) -> None:
        ada = account(api, tables)
        found = claimed(tables, reviewer, ada, excluded(tables, ada))
        assert decide(api, reviewer, found, "DENIED").status_code == 200
        assert tables.one("SELECT status FROM users WHERE id = %s", ada) == {"status": "SUSPENDED"}
        assert topics(tables) == ["email.appeal_decided"]

    @pytest.mark.parametrize(
        ("outcome", "words"), [("GRANTED", "was granted."), ("PARTLY", "granted in part"), ("DENIED", "was denied")]
    )
    def test_the_mail_says_it_either_way(
        self, api: Api, tables: Tables, reviewer: Hired, outcome: str, words: str
    ) -> None:
        ada = account(api, tables)
        found = claimed(tables, reviewer, ada, excluded(tables, ada))
        decide(api, reviewer, found, outcome, until="2999-01-01T00:00:00Z")
        (mail,) = [mail for mail in api.mails("ada@example.com") if mail["subject"] == "Your appeal has been decided"]
        for part in (words, WHY, "out-of-court", "court"):
            assert part in mail["text"]

    def test_is_recorded(self, api: Api, tables: Tables, reviewer: Hired) -> None:
        ada = account(api, tables)
        found = claimed(tables, reviewer, ada)
        decide(api, reviewer, found, "DENIED")
        (row,) = audited(tables, "admin.appeals.decide")
        assert (row["actor_id"], row["target_id"], row["reason"]) == (reviewer.id, str(ada), WHY)
        assert row["after"] == {"outcome": "DENIED", "until": None, "appeal": str(found)}

    def test_not_by_who_decided_before(self, api: Api, server: Server, tables: Tables, reviewer: Hired) -> None:
        ada, other = account(api, tables), member(server, "ADMIN")
        statement = excluded(tables, ada)
        change(tables, "statements_of_reasons", statement, decided_by=reviewer.id)
        found = claimed(tables, reviewer, ada, statement)
        response = decide(api, reviewer, found, "DENIED")
        assert (response.status_code, code_of(response)) == (409, "admin.appeal.same_reviewer")
        tables.run("DELETE FROM staff_roles WHERE user_id = %s", other.id)
        assert decide(api, reviewer, found, "DENIED").status_code == 200

    @pytest.mark.parametrize("columns", [{"status": "BANNED"}, {}])
    def test_whoever_cannot_decide_does_not_count_as_another(
        self, api: Api, server: Server, tables: Tables, reviewer: Hired, columns: dict[str, Any]
    ) -> None:
        other = member(server, "MODERATOR" if columns else "SUPPORT", **columns)
        assert other.id != reviewer.id
        ada = account(api, tables)
        statement = excluded(tables, ada)
        change(tables, "statements_of_reasons", statement, decided_by=reviewer.id)
        assert decide(api, reviewer, claimed(tables, reviewer, ada, statement), "DENIED").status_code == 200

    def test_only_what_the_caller_has_claimed(self, api: Api, server: Server, tables: Tables, reviewer: Hired) -> None:
        ada = account(api, tables)
        found = appeal(tables, ada)
        response = decide(api, reviewer, found, "DENIED")
        assert (code_of(response), response.json()["error"]["i18nVars"]["from"]) == (
            "admin.transition_invalid",
            "PENDING",
        )
        change(tables, "appeals", found, status="UNDER_REVIEW", assignee=member(server, "ADMIN").id)
        assert code_of(decide(api, reviewer, found, "DENIED")) == "admin.case.taken"
        change(tables, "appeals", found, status="DECIDED", assignee=reviewer.id)
        assert code_of(decide(api, reviewer, found, "DENIED")) == "admin.transition_invalid"
        assert code_of(decide(api, reviewer, uuid4(), "DENIED")) == "admin.not_found"

    def test_an_explanation_is_needed(self, api: Api, tables: Tables, reviewer: Hired) -> None:
        found = claimed(tables, reviewer, account(api, tables))
        for explanation, rule in (("too short", "minLength"), ("a" * 5001, "maxLength")):
            response = decide(api, reviewer, found, "DENIED", explanation=explanation)
            assert broken_rules(response) == {("explanation", rule)}

    def test_twice_at_once_it_is_decided_once(
        self, api: Api, server: Server, tables: Tables, clients: Clients, reviewer: Hired
    ) -> None:
        server.configure(**{"ratelimit.enabled": False})
        ada = account(api, tables)
        found = claimed(tables, reviewer, ada, excluded(tables, ada))
        callers = [(clients(server), outcome) for outcome in ("GRANTED", "DENIED") * 4]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda one: decide(one[0], reviewer, found, one[1]).status_code, callers))
        assert sorted(answers) == [200] + [400] * 7
        assert topics(tables).count("email.appeal_decided") == 1
        outcome = tables.one("SELECT outcome FROM appeals")["outcome"]
        status = tables.one("SELECT status FROM users WHERE id = %s", ada)["status"]
        assert (outcome == "GRANTED") == (status == "ACTIVE")
