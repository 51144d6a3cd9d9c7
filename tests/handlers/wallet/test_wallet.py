"""What is in a wallet, what changed that, and the amounts that are offered for loading it."""

from typing import Any, get_args
from uuid import UUID, uuid4

import httpx
import pytest

from domain.money import flows
from domain.money.flows import Balances, Parts
from domain.money.ledger import platform
from domain.wallet import described
from domain.wire import common
from tests.handlers.support import account
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of
from tests.ledger import PROVIDER
from tests.money import fan, freeze, load, post

OFF = {"kill_switch.PAYMENT": True}


@pytest.fixture
def user_id(api: Api, tables: Tables) -> UUID:
    return account(api, tables)


@pytest.fixture
def headers(api: Api, user_id: UUID) -> dict[str, str]:
    return bearer(api.sign_in())


def data(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    return response.json()["data"]


def off(api: Api, server: Server, operation_id: str, **options: Any) -> None:
    server.configure(**OFF)
    response = api.call(operation_id, **options)
    assert (response.status_code, code_of(response)) == (503, "features.payment_disabled")


class TestPackages:
    def test_the_switch_turns_it_off(self, api: Api, server: Server) -> None:
        off(api, server, "wallet.packages")

    def test_the_amounts_that_are_offered(self, api: Api) -> None:
        response = api.call("wallet.packages")
        assert data(response) == {"packages": [5, 10, 25], "min": 5, "max": 500, "currency": "USD"}
        assert response.headers["cache-control"] == "public, max-age=60"

    def test_those_that_no_load_may_have_are_left_out(self, api: Api, server: Server) -> None:
        server.configure(
            **{"wallet.load_packages": ["50", "5", "10", "20"], "wallet.min_load": 10, "wallet.max_load": 20}
        )
        assert data(api.call("wallet.packages")) == {"packages": [10, 20], "min": 10, "max": 20, "currency": "USD"}


class TestBalance:
    def test_the_switch_turns_it_off(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        off(api, server, "wallet.balance", headers=headers)

    def test_before_the_first_money_there_is_no_wallet(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        assert data(api.call("wallet.balance", headers=headers)) == {"balance": "0.00", "frozen": False}
        assert tables.count("wallets") == 0

    def test_gifts_count_and_what_others_have_does_not(
        self, api: Api, server: Server, user_id: UUID, headers: dict[str, str], tables: Tables
    ) -> None:
        load(server, user_id, 2505)
        post(server, flows.rewarded(fan(user_id), uuid4(), 500))
        load(server, account(api, tables, "eve@example.com"), 9900)
        assert data(api.call("wallet.balance", headers=headers)) == {"balance": "30.05", "frozen": False}

    def test_it_says_that_the_wallet_is_frozen(
        self, api: Api, server: Server, user_id: UUID, headers: dict[str, str], tables: Tables
    ) -> None:
        load(server, user_id)
        freeze(tables, user_id)
        assert data(api.call("wallet.balance", headers=headers)) == {"balance": "25.00", "frozen": True}


class TestActivity:
    @pytest.fixture
    def filled(self, server: Server, user_id: UUID) -> UUID:
        """Five loads of a dollar each, and a message for two; the id of that."""
        for _ in range(5):
            load(server, user_id, 100)
        message_id = uuid4()
        post(server, flows.held(fan(user_id), message_id, Parts(promo=0, fan=200)))
        return message_id

    def test_the_switch_turns_it_off(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        off(api, server, "wallet.activity", headers=headers)

    def test_without_a_wallet_the_list_is_empty(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        empty = {"items": [], "total": 0, "page": 1, "limit": 20, "totalPages": 0}
        for params in ({}, {"type": "CREDIT"}):
            assert data(api.call("wallet.activity", params=params, headers=headers)) == empty
        assert tables.count("wallets") == 0

    def test_a_load_is_told_with_what_it_changed(
        self, api: Api, server: Server, user_id: UUID, headers: dict[str, str], tables: Tables
    ) -> None:
        payment_id = load(server, user_id, 2505)
        (item,) = data(api.call("wallet.activity", headers=headers))["items"]
        row = tables.one("SELECT transfer_id, wallet_id FROM wallet_activity")
        assert item.pop("createdAt").endswith("Z")
        assert item == {
            "id": str(row["transfer_id"]),
            "walletId": str(row["wallet_id"]),
            "type": "CREDIT",
            "amount": "25.05",
            "balanceBefore": "0.00",
            "balanceAfter": "25.05",
            "referenceType": "PAYMENT_CHECKOUT",
            "referenceId": str(payment_id),
            "description": "wallet.activity.payment_checkout.credit",
        }

    def test_the_newest_is_first_and_no_change_is_missing(
        self, api: Api, headers: dict[str, str], filled: UUID
    ) -> None:
        items = data(api.call("wallet.activity", headers=headers))["items"]
        assert (items[0]["type"], items[0]["referenceId"]) == ("DEBIT", str(filled))
        assert [each["balanceAfter"] for each in items] == ["3.00", "5.00", "4.00", "3.00", "2.00", "1.00"]
        assert [each["balanceBefore"] for each in items] == ["5.00", "4.00", "3.00", "2.00", "1.00", "0.00"]

    @pytest.mark.parametrize(("type_", "total"), [(None, 6), ("CREDIT", 5), ("DEBIT", 1), ("EXPIRY", 0)])
    def test_pages_join(self, api: Api, headers: dict[str, str], filled: UUID, type_: str | None, total: int) -> None:
        whole = data(api.call("wallet.activity", params={"type": type_} if type_ else {}, headers=headers))["items"]
        pages = []
        for page in range(1, 5):
            params: dict[str, Any] = {"page": page, "limit": 2} | ({"type": type_} if type_ else {})
            answer = data(api.call("wallet.activity", params=params, headers=headers))
            assert {**answer, "items": []} == {
                "items": [], "total": total, "page": page, "limit": 2, "totalPages": -(-total // 2),
            }  # fmt: skip
            pages += answer["items"]
        assert pages == whole
        assert len(whole) == total
        assert {each["type"] for each in whole} <= ({type_} if type_ else {"CREDIT", "DEBIT"})

    @pytest.mark.parametrize("type_", ["credit", "", "LOST", "🪙"])
    def test_another_type_cuts_nothing(self, api: Api, headers: dict[str, str], filled: UUID, type_: str) -> None:
        assert data(api.call("wallet.activity", params={"type": type_}, headers=headers))["total"] == 6

    @pytest.mark.parametrize(
        ("params", "page", "limit"),
        [({"page": 0, "limit": 0}, 1, 1), ({"page": -5, "limit": 500}, 1, 20), ({"page": 10**30}, 10000, 20)],
    )
    def test_numbers_outside_count_as_the_nearest(
        self, api: Api, headers: dict[str, str], filled: UUID, params: dict[str, int], page: int, limit: int
    ) -> None:
        answer = data(api.call("wallet.activity", params=params, headers=headers))
        assert (answer["page"], answer["limit"], answer["total"]) == (page, limit, 6)

    def test_what_is_no_number_is_refused(self, api: Api, headers: dict[str, str]) -> None:
        refused = api.call("wallet.activity", params={"page": "last", "type": "x" * 21}, headers=headers)
        assert broken_rules(refused) == {("page", "type"), ("type", "maxLength")}

    def test_what_others_did_is_theirs(
        self, api: Api, server: Server, headers: dict[str, str], user_id: UUID, tables: Tables
    ) -> None:
        load(server, account(api, tables, "eve@example.com"))
        assert data(api.call("wallet.activity", headers=headers))["total"] == 0
        load(server, user_id)
        assert data(api.call("wallet.activity", headers=headers))["total"] == 1

    def test_money_that_was_spent_before_it_was_taken_back(
        self, api: Api, server: Server, headers: dict[str, str], user_id: UUID
    ) -> None:
        post(server, flows.refunded_outside(fan(user_id), PROVIDER, "re_1", 500, Balances()))
        (item,) = data(api.call("wallet.activity", headers=headers))["items"]
        assert (item["type"], item["amount"], item["referenceId"]) == ("CHARGEBACK", "0.00", "sandbox:re_1")


FAN, ID = fan(uuid4()), uuid4()
RICH, SPENT = Balances(fan=500, promo=500, debt=500), Balances()
# Whatever a fan's page may show.
POSTED = [
    flows.loaded(FAN, ID, PROVIDER, 5), flows.refund_asked(FAN, ID, 5), flows.refund_failed(FAN, ID, 5),
    flows.refund_undone(FAN, ID, PROVIDER, 5), flows.refunded_outside(FAN, PROVIDER, "1", 5, RICH),
    flows.refunded_outside(FAN, PROVIDER, "1", 5, SPENT), flows.disputed(FAN, ID, PROVIDER, 5, RICH),
    flows.dispute_won(FAN, ID, PROVIDER, 900, RICH), flows.debt_settled(FAN, "load:1", 5),
    flows.held(FAN, ID, Parts(promo=1, fan=1)), flows.unheld(FAN, ID, Parts(promo=1, fan=1)),
    flows.rewarded(FAN, ID, 5), flows.reward_taken_back(FAN, ID, 5, RICH), flows.coupon_credited(FAN, ID, 5),
    flows.gift_expired(FAN, ID, 1, 5), flows.adjusted(FAN, ID, "fan", 5, platform("goodwill"), ID),
    flows.adjusted(FAN, ID, "fan", -5, platform("goodwill"), ID), flows.closed(FAN, 5),
    flows.claimed(FAN, ID, 5),
]  # fmt: skip
SHOWN = [each.shown for each in POSTED if each is not None and each.shown is not None]


class TestWords:
    def test_each_change_has_words_in_every_language(self, api: Api) -> None:
        assert len(SHOWN) == len(POSTED)
        keys = {described(shown.about, shown.type) for shown in SHOWN}
        for locale in get_args(common.Locale):
            texts = api.server.app.parts.texts.namespace(locale, "messages")
            assert keys == {key for key in texts if key.startswith("wallet.activity.")}
            assert all(texts[key] for key in keys)

    def test_what_they_refer_to_is_in_the_contract(self) -> None:
        assert {shown.about for shown in SHOWN} | {flows.PAYOUT} == set(get_args(common.WalletReference))
