"""The ledger as staff reads it."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.money import flows
from domain.money.ledger import platform
from tests.handlers.support import account
from tests.harness import Api, Server, Tables, code_of
from tests.ledger import PROVIDER
from tests.money import fan, load, post
from tests.staff import Hired, member


@pytest.fixture
def ada(api: Api, tables: Tables) -> UUID:
    return account(api, tables)


def listed(api: Api, caller: Hired, **params: Any) -> list[dict[str, Any]]:
    response = api.call("admin.finance.transfers.list", params=params, headers=caller.headers)
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["data"]["items"]
    return items


class TestList:
    def test_each_is_told_with_its_entries(self, api: Api, finance: Hired, ada: UUID) -> None:
        load(api.server, ada, 1000)
        payment = load(api.server, ada, 550)
        newest = listed(api, finance)[0]
        told = {name: newest[name] for name in ("key", "kind", "referenceType", "referenceId", "resolves", "actorId")}
        assert told == {
            "key": f"load:{payment}", "kind": "load", "referenceType": "PAYMENT_CHECKOUT",
            "referenceId": str(payment), "resolves": None, "actorId": None,
        }  # fmt: skip
        ours, theirs = sorted(newest["entries"], key=lambda entry: str(entry["code"]))
        assert ours == {
            "accountId": str(platform("clearing", PROVIDER).id), "code": f"clearing:{PROVIDER}", "walletId": None,
            "amount": "-5.50", "before": None, "after": None,
        }  # fmt: skip
        assert theirs == {
            "accountId": str(fan(ada).account("fan").id), "code": "fan", "walletId": str(fan(ada).id),
            "amount": "5.50", "before": "10.00", "after": "15.50",
        }  # fmt: skip

    def test_the_newest_come_first_and_are_walked(self, api: Api, finance: Hired, ada: UUID) -> None:
        keys = [f"load:{load(api.server, ada)}" for _ in range(3)]
        for filters in ({}, {"account": str(fan(ada).account("fan").id)}):
            seen: list[str] = []
            params: dict[str, Any] = {"limit": 1} | filters
            for _ in range(3):
                page = api.call("admin.finance.transfers.list", params=params, headers=finance.headers).json()["data"]
                seen += [item["key"] for item in page["items"]]
                params["cursor"] = page["nextCursor"]
            assert (seen, page["nextCursor"]) == (keys[::-1], None)

    def test_filters_are_combined(self, api: Api, finance: Hired, ada: UUID) -> None:
        payment = load(api.server, ada)
        post(api.server, flows.load_fee(payment, PROVIDER, 30), flows.settled(PROVIDER, "po_1", 100))
        reference, account_id = str(payment), str(fan(ada).account("fan").id)
        assert {item["kind"] for item in listed(api, finance, reference=reference)} == {"load", "load-fee"}
        assert [item["kind"] for item in listed(api, finance, account=account_id)] == ["load"]
        assert [item["kind"] for item in listed(api, finance, key=f"load-fee:{payment}")] == ["load-fee"]
        assert listed(api, finance, key=f"load-fee:{payment}", account=account_id) == []
        assert [item["kind"] for item in listed(api, finance, reference=reference, account=account_id)] == ["load"]
        clearing = str(platform("clearing", PROVIDER).id)
        assert len(listed(api, finance, account=clearing)) == 3
        assert listed(api, finance, account=str(uuid4())) == []

    def test_a_cursor_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.finance.transfers.list", params={"cursor": "x"}, headers=finance.headers)
        assert (response.status_code, code_of(response)) == (400, "admin.cursor_invalid")

    def test_an_account_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.finance.transfers.list", params={"account": "fan"}, headers=finance.headers)
        assert (response.status_code, code_of(response)) == (400, "validation.failed")

    def test_who_may_not_see_money_may_not(self, api: Api, server: Server) -> None:
        response = api.call("admin.finance.transfers.list", headers=member(server, "SUPPORT").headers)
        assert (response.status_code, code_of(response)) == (403, "admin.permission_denied")


class TestFind:
    def find(self, api: Api, caller: Hired, account_id: UUID) -> httpx.Response:
        path = f"/admin/ledger/accounts/{account_id}"
        return api.call("admin.finance.accounts.find", path=path, headers=caller.headers)

    def test_one_of_a_wallet_tells_whose_it_is(self, api: Api, finance: Hired, ada: UUID) -> None:
        load(api.server, ada, 1234)
        told = self.find(api, finance, fan(ada).account("fan").id).json()["data"]
        assert (told["balance"], told["entries"], told["normal"]) == ("12.34", 1, "CREDIT")
        assert (told["walletId"], told["userId"]) == (str(fan(ada).id), str(ada))

    def test_one_of_the_platform_is_added_up(self, api: Api, finance: Hired, ada: UUID) -> None:
        load(api.server, ada, 1000)
        load(api.server, ada, 34)
        told = self.find(api, finance, platform("clearing", PROVIDER).id).json()["data"]
        assert (told["balance"], told["entries"], told["normal"]) == ("-10.34", 2, "DEBIT")
        assert (told["walletId"], told["userId"]) == (None, None)

    def test_of_one_that_is_none_nothing_is_told(self, api: Api, finance: Hired) -> None:
        response = self.find(api, finance, uuid4())
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")


class TestBalances:
    def balances(self, api: Api, caller: Hired, **params: str) -> dict[str, tuple[int, int, str]]:
        response = api.call("admin.finance.accounts.balances", params=params, headers=caller.headers)
        assert response.status_code == 200, response.text
        items = response.json()["data"]["items"]
        return {item["code"]: (item["accounts"], item["entries"], item["balance"]) for item in items}

    def test_all_entries_are_added_up_by_kind(self, api: Api, finance: Hired, tables: Tables, ada: UUID) -> None:
        load(api.server, ada, 1000)
        load(api.server, account(api, tables, email="eve@example.com", username="eve"), 250)
        assert self.balances(api, finance) == {
            f"clearing:{PROVIDER}": (1, 2, "-12.50"),
            "fan": (2, 2, "12.50"),
        }

    def test_they_are_told_as_of_a_moment(self, api: Api, finance: Hired, tables: Tables, ada: UUID) -> None:
        load(api.server, ada, 1000)
        between = tables.one("SELECT created_at AS at FROM ledger_transfers")["at"].isoformat()
        load(api.server, ada, 500)
        assert self.balances(api, finance, at=between)["fan"] == (1, 1, "10.00")
        assert self.balances(api, finance, at="2020-01-01T00:00:00Z") == {}
        assert self.balances(api, finance, at="2999-01-01T00:00:00Z")["fan"] == (1, 2, "15.00")

    @pytest.mark.parametrize("at", ["yesterday", "2026-13-01T00:00:00Z"])
    def test_a_moment_that_is_none_is_refused(self, api: Api, finance: Hired, at: str) -> None:
        response = api.call("admin.finance.accounts.balances", params={"at": at}, headers=finance.headers)
        assert (response.status_code, code_of(response)) == (400, "validation.failed")
