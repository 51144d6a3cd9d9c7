import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.auth import one_time_hash
from tests.handlers.conftest import Clients
from tests.handlers.support import account, audited, change, insert
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of
from tests.restrictions import restrict, restriction

BAN = "5b0f6f0e-6f3c-4f4e-9d0e-0c7c3a1f2b64"


def submit(api: Api, access: str, **fields: Any) -> httpx.Response:
    body = {"type": "ban", "reason": "It was not me."} | fields
    return api.call("users.appeals.submit", body, headers=bearer(access))


class TestSubmit:
    def test_it_waits_for_its_review(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        response = submit(api, access, banId=BAN, evidence=" https://example.com/proof\u202e ")
        data = response.json()["data"]
        assert (response.status_code, data["status"]) == (201, "PENDING")
        row = tables.one("SELECT * FROM appeals")
        assert (str(row["id"]), row["user_id"], row["type"], row["ban_id"]) == (data["id"], user_id, "ban", UUID(BAN))
        assert (row["reason"], row["evidence"]) == ("It was not me.", "https://example.com/proof")
        (entry,) = audited(tables, "user.appeal.submitted")
        assert (entry["actor_id"], entry["target_id"]) == (user_id, data["id"])

    @pytest.mark.parametrize("status", ["SUSPENDED", "BANNED", "DEACTIVATED"])
    def test_an_account_that_may_not_act_may_object(
        self, api: Api, access: str, user_id: UUID, tables: Tables, status: str
    ) -> None:
        change(tables, "users", user_id, status=status)
        assert submit(api, access).status_code == 201

    @pytest.mark.parametrize("status", ["PENDING", "UNDER_REVIEW"])
    def test_a_second_one_is_refused_while_one_is_open(
        self, api: Api, access: str, tables: Tables, status: str
    ) -> None:
        submit(api, access)
        tables.run("UPDATE appeals SET status = %s", status)
        response = submit(api, access, type="fraud_flag")
        assert (response.status_code, code_of(response)) == (400, "error.trust_safety.appeal_already_pending")
        assert tables.count("appeals") == 1

    def test_after_the_decision_another_one_may_follow(self, api: Api, access: str, tables: Tables) -> None:
        submit(api, access)
        tables.run("UPDATE appeals SET status = 'DECIDED'")
        assert submit(api, access).status_code == 201

    def test_of_parallel_ones_one_is_taken(
        self, api: Api, server: Server, access: str, tables: Tables, clients: Clients
    ) -> None:
        server.configure(**{"ratelimit.enabled": False})
        callers = [clients(server) for _ in range(16)]
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda caller: submit(caller, access).status_code, callers))
        assert sorted(answers) == [201] + [400] * 15
        assert tables.count("appeals") == 1

    @pytest.mark.parametrize(
        ("field", "value", "rule"),
        [
            ("type", "other", "enum"),
            ("reason", "", "minLength"),
            ("reason", " \u200b\n", "minLength"),
            ("reason", "a" * 5001, "maxLength"),
            ("evidence", "a" * 5001, "maxLength"),
            ("banId", "7", "format"),
        ],
    )
    def test_a_field_outside_its_rules_is_refused(
        self, api: Api, access: str, tables: Tables, field: str, value: str, rule: str
    ) -> None:
        assert (field, rule) in broken_rules(submit(api, access, **{field: value}))
        assert tables.count("appeals") == 0

    def test_an_account_that_is_gone_is_not_found(self, api: Api, access: str, tables: Tables) -> None:
        tables.run("DELETE FROM users")
        response = submit(api, access)
        assert (response.status_code, code_of(response)) == (404, "error.user.not_found")


class TestWhatItIsAgainst:
    """A restriction that we know: by its id, by its ban, or because it is the one there is."""

    def linked(self, tables: Tables) -> UUID | None:
        found: UUID | None = tables.one("SELECT statement_id FROM appeals")["statement_id"]
        return found

    def test_without_a_restriction_there_is_none(self, api: Api, access: str, tables: Tables) -> None:
        assert submit(api, access).status_code == 201
        assert self.linked(tables) is None

    def test_the_exclusion_of_the_account(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        restriction(tables, user_id, type="VISIBILITY_REMOVED")
        statement = restriction(tables, user_id)
        assert submit(api, access).status_code == 201
        assert self.linked(tables) == statement

    def test_the_latest_restriction_of_content(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        restriction(tables, user_id, type="VISIBILITY_LIMITED", created_at="2026-01-01")
        statement = restriction(tables, user_id, type="VISIBILITY_REMOVED")
        restriction(tables, user_id)
        assert submit(api, access, type="content_removal").status_code == 201
        assert self.linked(tables) == statement

    def test_one_that_ended_is_named(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        statement = restriction(tables, user_id, lifted_at="2026-01-01")
        assert submit(api, access, statementId=str(statement)).status_code == 201
        assert self.linked(tables) == statement

    def test_a_ban_is_known_by_its_id(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        statement = restriction(tables, user_id, lifted_at="2026-01-01")
        ban = insert(tables, "bans", user_id=user_id, statement_id=statement, status="BANNED", ended_at="2026-01-01")
        assert submit(api, access, banId=str(ban)).status_code == 201
        assert self.linked(tables) == statement

    def test_that_of_somebody_else_is_not_found(self, api: Api, access: str, tables: Tables) -> None:
        statement = restriction(tables, account(api, tables, "eve@example.com"))
        response = submit(api, access, statementId=str(statement))
        assert (response.status_code, code_of(response)) == (404, "error.trust_safety.statement_not_found")
        assert tables.count("appeals") == 0

    def test_after_half_a_year_it_is_too_late(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        now = datetime.now(UTC)
        restriction(tables, user_id, created_at=now - timedelta(days=184, minutes=1))
        response = submit(api, access)
        assert (response.status_code, code_of(response)) == (410, "error.trust_safety.appeal_closed")
        tables.run("UPDATE statements_of_reasons SET created_at = %s", now - timedelta(days=184) + timedelta(minutes=1))
        assert submit(api, access).status_code == 201


class TestSubmitByLink:
    """Who is shut out has no session: the link of the mail is the way."""

    def by_link(self, api: Api, token: UUID, **fields: Any) -> httpx.Response:
        body = {"token": str(token), "reason": "It was not me."} | fields
        return api.call("users.appeals.submit_by_link", body)

    @pytest.mark.parametrize(
        ("kind", "appealed"), [("ACCOUNT_BANNED", "ban"), ("VISIBILITY_REMOVED", "content_removal")]
    )
    def test_it_is_submitted_without_a_session(
        self, api: Api, user_id: UUID, tables: Tables, kind: str, appealed: str
    ) -> None:
        token = uuid4()
        statement = restriction(tables, user_id, type=kind, appeal_hash=one_time_hash(token))
        response = self.by_link(api, token, evidence="https://example.com/proof")
        assert (response.status_code, response.json()["data"]["status"]) == (201, "PENDING")
        row = tables.one("SELECT user_id, type, statement_id, evidence FROM appeals")
        assert row == {
            "user_id": user_id, "type": appealed, "statement_id": statement, "evidence": "https://example.com/proof",
        }  # fmt: skip
        (entry,) = audited(tables, "user.appeal.submitted")
        assert entry["actor_id"] == user_id

    def test_a_second_one_is_refused_while_one_is_open(self, api: Api, user_id: UUID, tables: Tables) -> None:
        token = uuid4()
        restriction(tables, user_id, appeal_hash=one_time_hash(token))
        assert self.by_link(api, token).status_code == 201
        response = self.by_link(api, token)
        assert (response.status_code, code_of(response)) == (400, "error.trust_safety.appeal_already_pending")

    def test_an_unknown_link_is_refused(self, api: Api, user_id: UUID, tables: Tables) -> None:
        restriction(tables, user_id, appeal_hash=one_time_hash(uuid4()))
        response = self.by_link(api, uuid4())
        assert (response.status_code, code_of(response)) == (400, "error.trust_safety.appeal_link_invalid")

    def test_that_of_an_erased_account_is_refused(self, api: Api, user_id: UUID, tables: Tables) -> None:
        token = uuid4()
        restriction(tables, user_id, appeal_hash=one_time_hash(token))
        change(tables, "users", user_id, status="DELETED")
        assert code_of(self.by_link(api, token)) == "error.trust_safety.appeal_link_invalid"

    def test_after_half_a_year_it_is_too_late(self, api: Api, user_id: UUID, tables: Tables) -> None:
        token = uuid4()
        before = datetime.now(UTC) - timedelta(days=185)
        restriction(tables, user_id, appeal_hash=one_time_hash(token), created_at=before)
        response = self.by_link(api, token)
        assert (response.status_code, code_of(response)) == (410, "error.trust_safety.appeal_closed")

    def test_the_mail_has_the_link(self, api: Api, server: Server, user_id: UUID, tables: Tables) -> None:
        restrict(server, "ACCOUNT_BANNED", user_id)
        server.work_off()
        (mail,) = api.mails("ada@example.com")
        match = re.search(r"/appeal\?token=([0-9a-f-]{36})&lang=en", mail["text"])
        assert match is not None
        assert self.by_link(api, UUID(match[1])).status_code == 201
