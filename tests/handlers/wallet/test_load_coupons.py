"""Coupons on loads: kept during the session, used when it is paid, free when it is not, taken back with the money."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.money import flows
from tests.handlers.support import account, change
from tests.handlers.test_coupons import applied, apply, coupon, refused
from tests.harness import Api, Server, Tables, bearer, broken_rules
from tests.ledger import tally
from tests.money import assert_books_agree, balance, begin, do, fan, hurry, post

OLD = datetime.now(UTC) - timedelta(days=30)
HOUR = timedelta(hours=1)
INVALID = (409, "coupon.usage_invalid")


@pytest.fixture
def user_id(api: Api, tables: Tables) -> UUID:
    return account(api, tables, created_at=OLD)


@pytest.fixture
def headers(api: Api, user_id: UUID) -> dict[str, str]:
    return bearer(api.sign_in())


@pytest.fixture
def usage(api: Api, headers: dict[str, str], tables: Tables) -> str:
    """Five dollars off twenty-five."""
    coupon(tables, max_uses=1)
    return str(applied(api, headers)["usageId"])


def start(api: Api, headers: dict[str, str], usage_id: Any, amount: str = "25.00") -> httpx.Response:
    return api.call("wallet.loads.start", {"amount": amount, "couponUsageId": str(usage_id)}, headers=headers)


def status(tables: Tables, usage_id: str) -> str:
    return str(tables.one("SELECT status FROM coupon_usages WHERE id = %s", usage_id)["status"])


class TestStart:
    def test_it_is_kept_while_the_session_lasts(
        self, api: Api, headers: dict[str, str], usage: str, tables: Tables
    ) -> None:
        begin(api, headers, couponUsageId=usage)
        payment = tables.one("SELECT coupon_usage_id, expires_at FROM payments")
        kept = tables.one("SELECT status, expires_at FROM coupon_usages")
        assert str(payment["coupon_usage_id"]) == usage
        assert (kept["status"], kept["expires_at"] > payment["expires_at"]) == ("RESERVED", True)

    @pytest.mark.parametrize(
        "columns",
        [
            {"status": "USED", "settled_at": OLD}, {"status": "RELEASED", "settled_at": OLD}, {"expires_at": OLD},
            {"applies_to": "MESSAGE"}, {"amount": 2499},
        ],
    )  # fmt: skip
    def test_what_is_no_reservation_for_this_is_refused(
        self, api: Api, headers: dict[str, str], usage: str, tables: Tables, columns: dict[str, Any]
    ) -> None:
        change(tables, "coupon_usages", UUID(usage), **columns)
        assert refused(start(api, headers, usage)) == INVALID
        assert tables.count("payments") == 0

    def test_that_of_another_is_refused_as_one_that_is_not_there(
        self, api: Api, headers: dict[str, str], usage: str, tables: Tables
    ) -> None:
        account(api, tables, "eve@example.com", created_at=OLD)
        eve = bearer(api.sign_in("eve@example.com"))
        for each in (usage, uuid4()):
            assert refused(start(api, eve, each)) == INVALID

    def test_what_is_no_id_is_refused(self, api: Api, headers: dict[str, str]) -> None:
        assert broken_rules(start(api, headers, "SUMMER")) == {("couponUsageId", "format")}

    def test_no_two_loads_have_one(self, api: Api, headers: dict[str, str], usage: str) -> None:
        begin(api, headers, couponUsageId=usage)
        assert refused(start(api, headers, usage)) == INVALID

    def test_the_same_request_is_the_same_session(
        self, api: Api, headers: dict[str, str], usage: str, tables: Tables
    ) -> None:
        keyed = headers | {"Idempotency-Key": "one"}
        first = begin(api, keyed, couponUsageId=usage)
        tables.run("DELETE FROM idempotency_keys")
        assert begin(api, keyed, couponUsageId=usage) == first

    def test_an_open_payment_keeps_what_it_was_made_for(
        self, api: Api, headers: dict[str, str], usage: str, tables: Tables
    ) -> None:
        begin(api, headers, couponUsageId=usage)
        assert refused(apply(api, headers, 100)) == INVALID
        assert tables.one("SELECT amount FROM coupon_usages") == {"amount": 2500}

    def test_what_it_brings_counts_as_held(self, api: Api, server: Server, headers: dict[str, str], usage: str) -> None:
        server.configure(**{"wallet.max_load": 29})
        server.configure(**{"wallet.max_balance": 29})
        assert refused(start(api, headers, usage)) == (400, "wallet.load.max_balance_exceeded")
        server.configure(**{"wallet.max_balance": 30})
        begin(api, headers, couponUsageId=usage)


class TestLife:
    def test_it_is_credited_with_the_money(
        self, api: Api, server: Server, headers: dict[str, str], usage: str, tables: Tables, user_id: UUID
    ) -> None:
        session = begin(api, headers, couponUsageId=usage)
        do(api, session, "pay")
        hurry(tables)
        server.let_time_come("payments.sweep")  # looked at again, it is credited no further
        assert (balance(api, headers), status(tables, usage)) == ("30.00", "USED")
        grant = tables.one("SELECT source, source_id, amount, remaining FROM promo_grants")
        assert grant == {"source": "COUPON", "source_id": UUID(usage), "amount": 500, "remaining": 500}
        lines = api.call("wallet.activity", headers=headers).json()["data"]["items"]
        assert [(line["referenceType"], line["amount"]) for line in lines] == [
            ("COUPON", "5.00"), ("PAYMENT_CHECKOUT", "25.00")
        ]  # fmt: skip
        assert tables.one("SELECT key FROM ledger_transfers WHERE kind = 'coupon'") == {"key": f"coupon:{usage}"}
        assert tally(tables, "promo_expense") == -500
        assert_books_agree(tables)

    def test_one_that_takes_nothing_off_brings_nothing(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        coupon(tables, value=1, max_discount=None)
        usage_id = applied(api, headers, 5)["usageId"]
        tables.run("UPDATE coupon_usages SET discount = 0")
        do(api, begin(api, headers, "5.00", couponUsageId=usage_id), "pay")
        assert (balance(api, headers), status(tables, usage_id)) == ("5.00", "USED")

    @pytest.mark.parametrize("action", ["expire", "decline"])
    def test_it_is_free_when_nobody_pays(
        self, api: Api, headers: dict[str, str], usage: str, tables: Tables, action: str
    ) -> None:
        do(api, begin(api, headers, couponUsageId=usage), action)
        assert status(tables, usage) == "RELEASED"
        applied(api, headers)

    def test_who_pays_after_the_end_has_it_still(
        self, api: Api, headers: dict[str, str], usage: str, tables: Tables
    ) -> None:
        do(api, begin(api, headers, couponUsageId=usage), "expire", "pay")
        assert (balance(api, headers), status(tables, usage)) == ("30.00", "USED")

    def test_who_pays_when_others_have_it_gets_the_money_alone(
        self, api: Api, headers: dict[str, str], usage: str, tables: Tables
    ) -> None:
        session = begin(api, headers, couponUsageId=usage)
        do(api, session, "expire")
        account(api, tables, "eve@example.com", created_at=OLD)
        applied(api, bearer(api.sign_in("eve@example.com")))
        do(api, session, "pay")
        assert (balance(api, headers), status(tables, usage)) == ("25.00", "RELEASED")
        assert_books_agree(tables)

    def test_what_stays_open_for_longer_than_it_was_kept_is_the_same(
        self, api: Api, server: Server, headers: dict[str, str], usage: str, tables: Tables
    ) -> None:
        session = begin(api, headers, couponUsageId=usage)
        do(api, session, "pay_later")
        change(tables, "coupon_usages", UUID(usage), expires_at=OLD)
        server.let_time_come("money.expire_coupons")
        assert status(tables, usage) == "EXPIRED"
        do(api, session, "pay")
        assert (balance(api, headers), status(tables, usage)) == ("30.00", "USED")

    @pytest.mark.parametrize("misfit", ["amount", "wallet"])
    def test_what_does_not_fit_has_no_coupon(
        self, api: Api, headers: dict[str, str], usage: str, tables: Tables, misfit: str
    ) -> None:
        session = begin(api, headers, couponUsageId=usage)
        if misfit == "amount":
            tables.run("UPDATE sandbox_payments SET amount = amount - 1")
        else:
            tables.run("UPDATE wallets SET closed_at = now()")
        do(api, session, "pay")
        assert (status(tables, usage), tables.count("promo_grants")) == ("RELEASED", 0)

    @pytest.mark.parametrize("action", ["refund", "charge_back"])
    def test_it_is_taken_back_with_the_money_as_far_as_it_is_left(
        self, api: Api, server: Server, headers: dict[str, str], usage: str, tables: Tables, user_id: UUID, action: str
    ) -> None:
        session = begin(api, headers, couponUsageId=usage)
        do(api, session, "pay")
        spend(server, tables, user_id, 200)
        do(api, session, action)
        assert tables.one("SELECT remaining FROM promo_grants") == {"remaining": 0}
        assert (balance(api, headers), tally(tables, "promo_expense")) == ("0.00", -200)
        assert_books_agree(tables)


def spend(server: Server, tables: Tables, user_id: UUID, amount: int) -> None:
    """That much of the gift."""
    wallet = fan(user_id)
    post(server, flows.held(wallet, uuid4(), flows.Parts(promo=amount, fan=0)))
    tables.run("UPDATE promo_grants SET remaining = remaining - %s", amount)
