"""Corrections of balances: asked for by one, approved by another."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.money import flows
from tests.handlers.admin.pages import walked
from tests.handlers.support import account, audited
from tests.harness import Api, Server, Tables, code_of
from tests.ledger import PROVIDER, wallet_row
from tests.money import fan, load, post
from tests.staff import Hired, member

ASKED, READ = "Ticket 4711.", "I have read ticket 4711."


@pytest.fixture
def ada(api: Api, tables: Tables) -> UUID:
    user_id = account(api, tables)
    load(api.server, user_id, 2500)
    return user_id


def ask(api: Api, caller: Hired, user_id: UUID, amount: str = "10.00", **body: str) -> str:
    asked = {"amount": amount, "account": "fan", "contra": "goodwill", "reason": ASKED} | body
    path = f"/admin/wallets/{fan(user_id).id}/adjust"
    response = api.call("admin.finance.wallets.adjust", asked, path=path, headers=caller.headers)
    assert response.status_code == 202, response.text
    return str(response.json()["data"]["id"])


def decide(api: Api, caller: Hired, what: str, request_id: str) -> httpx.Response:
    path = f"/admin/adjustments/{request_id}/{what}"
    return api.call(f"admin.finance.adjustments.{what}", {"reason": READ}, path=path, headers=caller.headers)


def refused(response: httpx.Response) -> tuple[int, str | None]:
    return response.status_code, None if response.is_success else code_of(response)


def gifts(tables: Tables) -> list[int]:
    return [row["remaining"] for row in tables.rows("SELECT remaining FROM promo_grants ORDER BY amount")]


class TestApprove:
    def test_the_money_moves(self, api: Api, finance: Hired, second: Hired, tables: Tables, ada: UUID) -> None:
        request = ask(api, finance, ada)
        told = decide(api, second, "approve", request).json()["data"]
        assert (told["status"], told["decidedBy"], told["decision"]) == ("APPROVED", str(second.id), READ)
        assert wallet_row(tables, fan(ada))["balance"] == 3500
        posted = tables.one("SELECT * FROM ledger_transfers WHERE kind = 'adjust'")
        assert (posted["key"], posted["actor_id"]) == (f"adjust:{request}", finance.id)
        (entry,) = audited(tables, "admin.finance.adjustments.approve")
        assert (entry["actor_id"], entry["target_id"], entry["reason"]) == (second.id, str(ada), READ)

    def test_it_moves_back_as_well(self, api: Api, finance: Hired, second: Hired, tables: Tables, ada: UUID) -> None:
        assert decide(api, second, "approve", ask(api, finance, ada, "-25.00")).status_code == 200
        assert wallet_row(tables, fan(ada))["balance"] == 0

    def test_who_asked_does_not_approve(self, api: Api, finance: Hired, tables: Tables, ada: UUID) -> None:
        assert refused(decide(api, finance, "approve", ask(api, finance, ada))) == (403, "admin.adjustment.own")
        assert tables.one("SELECT status FROM adjustments") == {"status": "PENDING"}

    def test_whose_wallet_it_is_does_not_approve(self, api: Api, finance: Hired, second: Hired) -> None:
        load(api.server, second.id)
        assert refused(decide(api, second, "approve", ask(api, finance, second.id))) == (403, "admin.adjustment.own")

    def test_no_account_falls_below_its_floor(
        self, api: Api, finance: Hired, second: Hired, tables: Tables, ada: UUID
    ) -> None:
        request = ask(api, finance, ada, "-25.01")
        assert refused(decide(api, second, "approve", request)) == (400, "admin.wallet.insufficient")
        assert tables.one("SELECT status FROM adjustments") == {"status": "PENDING"}
        assert wallet_row(tables, fan(ada))["balance"] == 2500

    def test_gifts_are_given_and_taken_as_gifts(
        self, api: Api, finance: Hired, second: Hired, tables: Tables, ada: UUID
    ) -> None:
        for amount in ("3.00", "10.00", "-4.00"):
            asked = ask(api, finance, ada, amount, account="fan_promo")
            assert decide(api, second, "approve", asked).status_code == 200
        assert sum(gifts(tables)) == 900
        asked = ask(api, finance, ada, "-9.01", account="fan_promo")
        assert refused(decide(api, second, "approve", asked)) == (400, "admin.wallet.insufficient")
        assert sum(gifts(tables)) == 900
        assert decide(api, second, "approve", ask(api, finance, ada, "-9", account="fan_promo")).status_code == 200
        assert gifts(tables) == [0, 0]

    def test_money_that_fits_nothing_is_given_once(
        self, api: Api, finance: Hired, second: Hired, tables: Tables, ada: UUID
    ) -> None:
        post(api.server, flows.strayed(PROVIDER, "pi_1", 500))
        requests = [ask(api, finance, ada, "5", contra=f"suspense:{PROVIDER}") for _ in range(4)]
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda request: decide(api, second, "approve", request), requests))
        codes = sorted((refused(answer) for answer in answers), key=str)
        assert codes == [(200, None), *[(400, "admin.wallet.insufficient")] * 3]
        assert wallet_row(tables, fan(ada))["balance"] == 3000

    def test_each_is_decided_once(self, api: Api, finance: Hired, second: Hired, tables: Tables, ada: UUID) -> None:
        request = ask(api, finance, ada)
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda _: decide(api, second, "approve", request), range(4)))
        codes = sorted((refused(answer) for answer in answers), key=str)
        assert codes == [(200, None), *[(400, "admin.transition_invalid")] * 3]
        assert wallet_row(tables, fan(ada))["balance"] == 3500
        assert refused(decide(api, second, "reject", request)) == (400, "admin.transition_invalid")

    def test_one_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        assert refused(decide(api, finance, "approve", str(uuid4()))) == (404, "admin.not_found")

    def test_who_did_not_confirm_lately_is_asked(self, api: Api, server: Server, finance: Hired, ada: UUID) -> None:
        stale = member(server, "FINANCE", session={"confirmed_at": datetime.now(UTC) - timedelta(hours=1)})
        response = decide(api, stale, "approve", ask(api, finance, ada))
        assert refused(response) == (403, "admin.reauthentication_required")


class TestReject:
    def test_nothing_moves(self, api: Api, finance: Hired, tables: Tables, ada: UUID) -> None:
        request = ask(api, finance, ada)
        told = decide(api, finance, "reject", request).json()["data"]
        assert (told["status"], told["decision"]) == ("REJECTED", READ)
        assert wallet_row(tables, fan(ada))["balance"] == 2500
        (entry,) = audited(tables, "admin.finance.adjustments.reject")
        assert (entry["target_id"], entry["reason"]) == (str(ada), READ)

    def test_one_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        assert refused(decide(api, finance, "reject", str(uuid4()))) == (404, "admin.not_found")


class TestList:
    def listed(self, api: Api, caller: Hired, **params: Any) -> list[str]:
        response = api.call("admin.finance.adjustments.list", params=params, headers=caller.headers)
        assert response.status_code == 200, response.text
        return [item["id"] for item in response.json()["data"]["items"]]

    def test_the_newest_come_first_and_filters_are_combined(
        self, api: Api, finance: Hired, tables: Tables, ada: UUID
    ) -> None:
        eve = account(api, tables, email="eve@example.com", username="eve")
        load(api.server, eve)
        first, second, third = ask(api, finance, ada), ask(api, finance, ada), ask(api, finance, eve)
        decide(api, finance, "reject", first)
        assert self.listed(api, finance) == [third, second, first]
        assert self.listed(api, finance, status="PENDING") == [third, second]
        assert self.listed(api, finance, walletId=str(fan(ada).id)) == [second, first]
        assert self.listed(api, finance, walletId=str(fan(ada).id), status="REJECTED") == [first]
        assert walked(api, "admin.finance.adjustments.list", finance) == self.listed(api, finance)

    def test_a_cursor_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.finance.adjustments.list", params={"cursor": "x"}, headers=finance.headers)
        assert refused(response) == (400, "admin.cursor_invalid")

    def test_a_status_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.finance.adjustments.list", params={"status": "DONE"}, headers=finance.headers)
        assert refused(response) == (400, "validation.failed")
