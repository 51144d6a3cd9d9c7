"""Debt that is given up: asked for by one, approved by another, as corrections of balances are."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.clock import timestamp
from domain.money import flows
from domain.money.reconciliation import TOPIC
from tests.handlers.support import account, audited
from tests.harness import Api, Tables, code_of
from tests.ledger import PROVIDER, tally
from tests.money import fan, load, owe, post
from tests.staff import Hired

REASON = "The card of ticket 4711 was stolen."


@pytest.fixture
def ada(api: Api, tables: Tables) -> UUID:
    return account(api, tables)


def ask(api: Api, caller: Hired, user_id: UUID, amount: str = "20.00", **body: str) -> httpx.Response:
    asked = {"amount": amount, "account": "debt", "contra": "dispute_loss", "reason": REASON} | body
    path = f"/admin/wallets/{fan(user_id).id}/adjust"
    return api.call("admin.finance.wallets.adjust", asked, path=path, headers=caller.headers)


def asked(api: Api, caller: Hired, user_id: UUID, amount: str = "20.00") -> str:
    response = ask(api, caller, user_id, amount)
    assert response.status_code == 202, response.text
    return str(response.json()["data"]["id"])


def approve(api: Api, caller: Hired, request_id: str) -> httpx.Response:
    path = f"/admin/adjustments/{request_id}/approve"
    return api.call("admin.finance.adjustments.approve", {"reason": REASON}, path=path, headers=caller.headers)


def refused(response: httpx.Response) -> tuple[int, str | None]:
    return response.status_code, None if response.is_success else code_of(response)


def owed(tables: Tables) -> int:
    return int(tables.one("SELECT balance FROM ledger_accounts WHERE code = 'debt'")["balance"])


def pay(api: Api, user_id: UUID, amount: int) -> None:
    """As the next load does."""
    payment = load(api.server, user_id, amount)
    post(api.server, flows.debt_settled(fan(user_id), f"load:{payment}", amount))


class TestAsk:
    def test_it_waits_for_somebody_else(self, api: Api, finance: Hired, tables: Tables, ada: UUID) -> None:
        owe(api, tables, ada, days=180)
        told = ask(api, finance, ada).json()["data"]
        shown: dict[str, Any] = {name: told[name] for name in ("account", "contra", "amount", "status")}
        assert shown == {"account": "debt", "contra": "dispute_loss", "amount": "20.00", "status": "PENDING"}
        assert owed(tables) == -2000

    def test_debt_of_less_than_180_days_is_left(self, api: Api, finance: Hired, tables: Tables, ada: UUID) -> None:
        owe(api, tables, ada, days=179)
        response = ask(api, finance, ada)
        assert refused(response) == (409, "admin.debt.too_early")
        since = tables.one("SELECT created_at FROM ledger_transfers WHERE kind = 'dispute'")["created_at"]
        due = {"availableAt": timestamp(since + timedelta(days=180))}
        assert response.json()["error"]["i18nVars"] == due

    def test_what_was_owed_before_and_paid_makes_no_debt_older(
        self, api: Api, finance: Hired, tables: Tables, ada: UUID
    ) -> None:
        owe(api, tables, ada, 500, days=200)
        pay(api, ada, 500)
        post(api.server, flows.refunded_outside(fan(ada), PROVIDER, "re_1", 700, flows.Balances()))
        assert refused(ask(api, finance, ada, "7.00")) == (409, "admin.debt.too_early")

    def test_more_debt_makes_it_no_younger(self, api: Api, finance: Hired, tables: Tables, ada: UUID) -> None:
        owe(api, tables, ada, 500, days=200)
        post(api.server, flows.refunded_outside(fan(ada), PROVIDER, "re_1", 700, flows.Balances()))
        assert refused(ask(api, finance, ada, "12.00")) == (202, None)

    @pytest.mark.parametrize("amount", ["20.01", "-20.00"])
    def test_no_more_than_is_owed(self, api: Api, finance: Hired, tables: Tables, ada: UUID, amount: str) -> None:
        owe(api, tables, ada, days=180)
        assert refused(ask(api, finance, ada, amount)) == (400, "admin.wallet.insufficient")

    def test_who_owes_nothing_is_given_nothing(self, api: Api, finance: Hired, ada: UUID) -> None:
        load(api.server, ada)
        assert refused(ask(api, finance, ada)) == (400, "admin.wallet.insufficient")

    @pytest.mark.parametrize("pair", [{"account": "fan"}, {"contra": "goodwill"}])
    def test_debt_alone_is_a_loss(
        self, api: Api, finance: Hired, tables: Tables, ada: UUID, pair: dict[str, str]
    ) -> None:
        owe(api, tables, ada, days=180)
        assert refused(ask(api, finance, ada, **pair)) == (404, "admin.not_found")


class TestApprove:
    def test_the_debt_is_gone_and_the_books_are_right(
        self, api: Api, finance: Hired, second: Hired, tables: Tables, ada: UUID
    ) -> None:
        owe(api, tables, ada, days=180)
        request = asked(api, finance, ada)
        assert refused(approve(api, second, request)) == (200, None)
        assert (owed(tables), tally(tables, "dispute_loss")) == (0, -2000)
        posted = tables.one("SELECT * FROM ledger_transfers WHERE kind = 'writeoff'")
        assert (posted["key"], posted["actor_id"]) == (f"writeoff:{request}", finance.id)
        (entry,) = audited(tables, "admin.finance.adjustments.approve")
        assert (entry["actor_id"], entry["target_id"], entry["reason"]) == (second.id, str(ada), REASON)
        api.server.let_time_come(TOPIC)
        assert tables.rows('SELECT "check", what FROM ledger_findings') == []

    def test_a_part_leaves_the_rest(self, api: Api, finance: Hired, second: Hired, tables: Tables, ada: UUID) -> None:
        owe(api, tables, ada, days=180)
        assert approve(api, second, asked(api, finance, ada, "12.50")).status_code == 200
        assert owed(tables) == -750

    def test_who_asked_does_not_approve(self, api: Api, finance: Hired, tables: Tables, ada: UUID) -> None:
        owe(api, tables, ada, days=180)
        assert refused(approve(api, finance, asked(api, finance, ada))) == (403, "admin.adjustment.own")
        assert owed(tables) == -2000

    def test_what_was_paid_meanwhile_is_given_up_no_more(
        self, api: Api, finance: Hired, second: Hired, tables: Tables, ada: UUID
    ) -> None:
        owe(api, tables, ada, days=180)
        request = asked(api, finance, ada)
        pay(api, ada, 1)
        assert refused(approve(api, second, request)) == (400, "admin.wallet.insufficient")
        assert tables.one("SELECT status FROM adjustments WHERE account = 'debt'") == {"status": "PENDING"}
        assert owed(tables) == -1999

    def test_another_debt_than_was_asked_for_is_left(
        self, api: Api, finance: Hired, second: Hired, tables: Tables, ada: UUID
    ) -> None:
        owe(api, tables, ada, days=180)
        request = asked(api, finance, ada)
        pay(api, ada, 2000)
        post(api.server, flows.refunded_outside(fan(ada), PROVIDER, str(uuid4()), 2000, flows.Balances()))
        assert refused(approve(api, second, request)) == (409, "admin.debt.too_early")
        assert owed(tables) == -2000

    def test_that_of_a_closed_wallet_is_given_up_as_well(
        self, api: Api, finance: Hired, second: Hired, tables: Tables, ada: UUID
    ) -> None:
        owe(api, tables, ada, days=180)
        tables.run("UPDATE wallets SET closed_at = %s", datetime.now(UTC))
        assert approve(api, second, asked(api, finance, ada)).status_code == 200
        assert owed(tables) == 0
