"""Wallets, as staff sees them and acts on them."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.handlers.support import account
from tests.harness import Api, Server, Tables, code_of
from tests.money import fan, freeze, load
from tests.staff import Hired, member


@pytest.fixture
def finance(server: Server) -> Hired:
    return member(server, "FINANCE")


@pytest.fixture
def ada(api: Api, tables: Tables) -> UUID:
    user_id = account(api, tables)
    load(api.server, user_id, 2500)
    return user_id


@pytest.fixture
def eve(api: Api, tables: Tables) -> UUID:
    user_id = account(api, tables, email="eve@example.com", username="eve")
    load(api.server, user_id, 100)
    return user_id


def listed(api: Api, caller: Hired, **params: Any) -> list[str]:
    response = api.call("admin.finance.wallets.list", params=params, headers=caller.headers)
    assert response.status_code == 200, response.text
    return [item["userId"] for item in response.json()["data"]["items"]]


class TestList:
    def test_the_newest_come_first_and_are_walked(self, api: Api, finance: Hired, ada: UUID, eve: UUID) -> None:
        first = api.call("admin.finance.wallets.list", params={"limit": 1}, headers=finance.headers).json()["data"]
        params = {"limit": 1, "cursor": first["nextCursor"]}
        second = api.call("admin.finance.wallets.list", params=params, headers=finance.headers).json()["data"]
        assert [page["items"][0]["userId"] for page in (first, second)] == [str(eve), str(ada)]
        assert second["nextCursor"] is None

    def test_filters_are_combined(self, api: Api, finance: Hired, tables: Tables, ada: UUID, eve: UUID) -> None:
        freeze(tables, eve)
        assert listed(api, finance, frozen="true") == [str(eve)]
        assert listed(api, finance, frozen="false") == [str(ada)]
        assert listed(api, finance, userId=str(ada)) == [str(ada)]
        assert listed(api, finance, userId=str(ada), frozen="true") == []
        assert listed(api, finance, userId=str(uuid4())) == []

    def test_a_cursor_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.finance.wallets.list", params={"cursor": "x"}, headers=finance.headers)
        assert (response.status_code, code_of(response)) == (400, "admin.cursor_invalid")

    def test_an_account_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.finance.wallets.list", params={"userId": "ada"}, headers=finance.headers)
        assert (response.status_code, code_of(response)) == (400, "validation.failed")


class TestFind:
    def test_it_is_told_with_its_accounts(self, api: Api, finance: Hired, tables: Tables, ada: UUID) -> None:
        freeze(tables, ada, "DISPUTE")
        path = f"/admin/wallets/{fan(ada).id}"
        told = api.call("admin.finance.wallets.find", path=path, headers=finance.headers).json()["data"]
        wallet = told["wallet"]
        assert (wallet["balance"], wallet["lines"], wallet["frozenFor"]) == ("25.00", 1, "DISPUTE")
        assert [(each["code"], each["balance"], each["entries"]) for each in told["accounts"]] == [
            ("debt", "0.00", 0),
            ("fan", "25.00", 1),
            ("fan_promo", "0.00", 0),
        ]

    def test_of_one_that_is_none_nothing_is_told(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.finance.wallets.find", path=f"/admin/wallets/{uuid4()}", headers=finance.headers)
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")
