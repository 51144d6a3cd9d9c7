from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.handlers.support import account, insert
from tests.harness import Api, Tables, bearer, broken_rules, code_of


def record(api: Api, access: str, **fields: Any) -> httpx.Response:
    body = {"documentType": "cookies", "documentVersion": "1.1", "accepted": True} | fields
    return api.call("users.consents.record", body, headers=bearer(access))


def history(api: Api, access: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.call("users.consents.list", headers=bearer(access)).json()["data"]
    return found


class TestRecord:
    def test_each_call_adds_a_row_with_where_from(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        answers = [record(api, access, accepted=accepted) for accepted in (True, True, False)]
        assert [answer.status_code for answer in answers] == [201] * 3
        ids = {answer.json()["data"]["id"] for answer in answers}
        rows = tables.rows("SELECT * FROM consent_records ORDER BY created_at")
        assert {str(row["id"]) for row in rows} == ids
        assert [row["granted"] for row in rows] == [True, True, False]
        evidence = {(row["user_id"], row["kind"], row["version"], row["ip_address"], row["user_agent"]) for row in rows}
        assert evidence == {(user_id, "cookies", "1.1", api.address, "tests")}

    @pytest.mark.parametrize(
        ("field", "value", "rule"),
        [
            ("documentType", "", "pattern"),
            ("documentType", "Terms of Service", "pattern"),
            ("documentType", "a" * 65, "maxLength"),
            ("documentVersion", "", "pattern"),
            ("documentVersion", "1\u202e", "pattern"),
            ("documentVersion", "1" * 33, "maxLength"),
            ("accepted", "yes", "type"),
        ],
    )
    def test_a_field_outside_its_rules_is_refused(
        self, api: Api, access: str, tables: Tables, field: str, value: Any, rule: str
    ) -> None:
        assert (field, rule) in broken_rules(record(api, access, **{field: value}))
        assert tables.count("consent_records") == 0

    def test_an_account_that_is_gone_is_not_found(self, api: Api, access: str, tables: Tables) -> None:
        tables.run("DELETE FROM users")
        response = record(api, access)
        assert (response.status_code, code_of(response)) == (404, "error.user.not_found")

    def test_an_account_records_so_many_a_day(self, api: Api, access: str, tables: Tables) -> None:
        answers = [record(api, access, documentVersion=str(number)).status_code for number in range(31)]
        assert answers == [201] * 30 + [429]
        assert tables.count("consent_records") == 30

    def test_sign_up_keeps_where_from_too(self, api: Api, tables: Tables) -> None:
        api.register("eve@example.com")
        rows = tables.rows("SELECT kind, ip_address, user_agent FROM consent_records ORDER BY kind")
        assert [tuple(row.values()) for row in rows] == [
            ("privacy", api.address, "tests"),
            ("terms", api.address, "tests"),
        ]


class TestList:
    def test_the_newest_first_without_where_from(self, api: Api, access: str) -> None:
        record(api, access, documentType="marketing-emails")
        record(api, access, accepted=False)
        newest, oldest = history(api, access)
        assert newest.pop("createdAt") > oldest.pop("createdAt")
        told = {"documentVersion": "1.1", "requiresReConsent": False}
        assert newest == told | {"documentType": "cookies", "accepted": False}
        assert oldest == told | {"documentType": "marketing-emails", "accepted": True}

    def test_at_most_100_and_nobody_elses(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        eve = account(api, tables, "eve@example.com")
        for number in range(103):
            owner = user_id if number < 102 else eve
            insert(tables, "consent_records", user_id=owner, kind="tos", version=str(number), granted=True)
        versions = [item["documentVersion"] for item in history(api, access)]
        assert versions == [str(number) for number in range(101, 1, -1)]
