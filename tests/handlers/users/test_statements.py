from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.handlers.support import account, change, insert
from tests.harness import Api, Server, Tables, bearer, code_of
from tests.restrictions import TOLD, lift, restrict, restriction


def listed(api: Api, access: str, **params: Any) -> dict[str, Any]:
    response = api.call("users.statements.list", headers=bearer(access), params=params)
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


class TestList:
    @pytest.mark.parametrize("status", ["ACTIVE", "SUSPENDED", "BANNED", "DEACTIVATED"])
    def test_the_person_reads_why_and_until_when(
        self, api: Api, access: str, user_id: UUID, tables: Tables, status: str
    ) -> None:
        now = datetime(2026, 1, 2, tzinfo=UTC)
        statement = restriction(tables, user_id, created_at=now, starts_at=now, ends_at=now + timedelta(days=30))
        ban = insert(tables, "bans", user_id=user_id, statement_id=statement, status="BANNED")
        change(tables, "users", user_id, status=status)
        (item,) = listed(api, access)["items"]
        assert item == TOLD | {
            "id": str(statement), "type": "ACCOUNT_BANNED", "targetType": "USER", "targetId": None, "banId": str(ban),
            "source": "NOTICE", "automatedDetection": False, "automatedDecision": False, "territory": None,
            "startsAt": "2026-01-02T00:00:00.000Z", "endsAt": "2026-02-01T00:00:00.000Z", "liftedAt": None,
            "endedAs": None, "appealUntil": "2026-07-05T00:00:00.000Z",
        }  # fmt: skip

    def test_how_one_ended_is_told(self, api: Api, access: str, user_id: UUID, server: Server) -> None:
        made = restrict(server, "VISIBILITY_LIMITED", user_id, target=("BIO", None), told={"territory": ["DE"]})
        lift(server, made.id)
        (item,) = listed(api, access)["items"]
        assert (item["endedAs"], item["banId"], item["territory"]) == ("LIFTED", None, ["DE"])
        assert item["liftedAt"] is not None

    def test_those_of_others_are_not_shown(self, api: Api, access: str, tables: Tables) -> None:
        restriction(tables, account(api, tables, "eve@example.com"))
        assert listed(api, access) == {"items": [], "nextCursor": None}

    def test_it_is_walked_newest_first(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        made = [restriction(tables, user_id, created_at=f"2026-01-0{day}") for day in range(1, 6)]
        seen, cursor = [], None
        while True:
            page = listed(api, access, limit=2, **({"cursor": cursor} if cursor else {}))
            seen += [item["id"] for item in page["items"]]
            cursor = page["nextCursor"]
            if cursor is None:
                break
        assert seen == [str(statement) for statement in reversed(made)]

    def test_a_cursor_of_another_list_is_refused(self, api: Api, access: str) -> None:
        response = api.call("users.statements.list", headers=bearer(access), params={"cursor": "x"})
        assert (response.status_code, code_of(response)) == (400, "list.invalid_cursor")
