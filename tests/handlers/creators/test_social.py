from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.handlers.support import account, change, insert
from tests.harness import Api, Tables, bearer, code_of

START = datetime(2026, 1, 3, 8, 0, 0, tzinfo=UTC)


@pytest.fixture
def user_id(api: Api, tables: Tables) -> UUID:
    return account(api, tables)


@pytest.fixture
def access(api: Api, user_id: UUID) -> str:
    return api.sign_in()


def connect(tables: Tables, user_id: UUID, platform: str, **columns: Any) -> None:
    row = {"user_id": user_id, "platform": platform, "platform_user_id": f"{user_id}-at-{platform}", "signs_in": False}
    insert(tables, "social_accounts", **(row | columns))


def social(api: Api, access: str) -> httpx.Response:
    return api.call("creators.social", headers=bearer(access))


class TestSocial:
    def test_without_a_token_there_are_none(self, api: Api) -> None:
        response = api.call("creators.social")
        assert (response.status_code, code_of(response)) == (401, "auth.unauthenticated")

    def test_nobody_sees_the_accounts_of_others(self, api: Api, access: str, tables: Tables) -> None:
        connect(tables, account(api, tables, "eve@example.com"), "instagram")
        assert social(api, access).json() == {"success": True, "data": []}

    @pytest.mark.parametrize("status", ["SUSPENDED", "BANNED", "DEACTIVATED"])
    def test_an_account_that_may_not_act_is_refused(
        self, api: Api, access: str, user_id: UUID, tables: Tables, status: str
    ) -> None:
        change(tables, "users", user_id, status=status)
        response = social(api, access)
        assert (response.status_code, code_of(response)) == (403, f"auth.account_{status.lower()}")

    def test_an_account_that_is_gone_has_none(self, api: Api, access: str, tables: Tables) -> None:
        tables.run("DELETE FROM users")
        assert social(api, access).json()["data"] == []

    def test_the_accounts_are_answered_as_recorded(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        connect(tables, user_id, "instagram", platform_username="ada", verified=True, created_at=START)
        connect(tables, user_id, "x", created_at=START + timedelta(seconds=1))
        assert social(api, access).json()["data"] == [
            {
                "platform": "instagram",
                "platformUsername": "ada",
                "verified": True,
                "connectedAt": "2026-01-03T08:00:00.000Z",
                "reconnect": False,
            },
            {
                "platform": "x",
                "platformUsername": None,
                "verified": False,
                "connectedAt": "2026-01-03T08:00:01.000Z",
                "reconnect": False,
            },
        ]

    def test_the_oldest_come_first_and_at_most_50(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        for number in range(55):
            connect(tables, user_id, f"p{number}", created_at=START - timedelta(days=number))
        platforms = [account["platform"] for account in social(api, access).json()["data"]]
        assert platforms == [f"p{number}" for number in range(54, 4, -1)]

    def test_tokens_and_ids_never_leave(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        secrets = {"access_token": b"their-token", "refresh_token": b"their-refresh", "token_expires_at": START}
        connect(tables, user_id, "instagram", platform_user_id="their-id", **secrets)
        assert "their" not in social(api, access).text

    def test_a_way_to_sign_in_is_none_of_them(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        connect(tables, user_id, "x", signs_in=True)
        assert social(api, access).json()["data"] == []

    def test_nothing_is_written(self, api: Api, access: str, tables: Tables) -> None:
        before = tables.fingerprints()
        social(api, access)
        assert tables.changed_since(before) == set()
