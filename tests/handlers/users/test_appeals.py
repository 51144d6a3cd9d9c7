from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.handlers.conftest import Clients
from tests.handlers.support import audited, change
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of

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
