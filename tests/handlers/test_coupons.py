"""Coupons as people apply them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.handlers.support import account, change, insert
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def user_id(api: Api, tables: Tables) -> UUID:
    return account(api, tables)


@pytest.fixture
def headers(api: Api, user_id: UUID) -> dict[str, str]:
    return bearer(api.sign_in())


def coupon(tables: Tables, **columns: Any) -> UUID:
    return insert(
        tables, "coupons", **({"code": "SUMMER", "type": "PERCENT", "value": 2000, "applies_to": "BOTH"} | columns)
    )


def apply(api: Api, headers: dict[str, str], amount: Any = 25, **fields: Any) -> httpx.Response:
    body = {"code": "SUMMER", "transactionAmount": amount, "appliesTo": "LOAD"} | fields
    return api.call("referral.apply_coupon", body, headers=headers)


def applied(api: Api, headers: dict[str, str], amount: Any = 25, **fields: Any) -> dict[str, Any]:
    response = apply(api, headers, amount, **fields)
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


def refused(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, code_of(response)


class TestApplyCoupon:
    def test_a_use_is_reserved_for_half_an_hour(
        self, api: Api, headers: dict[str, str], user_id: UUID, tables: Tables
    ) -> None:
        coupon_id = coupon(tables)
        told = applied(api, headers)
        assert (told["discount"], told["finalAmount"]) == (5, 25)
        row = tables.one("SELECT * FROM coupon_usages")
        assert (row["coupon_id"], row["user_id"], str(row["id"])) == (coupon_id, user_id, told["usageId"])
        assert (row["applies_to"], row["amount"], row["discount"], row["status"]) == ("LOAD", 2500, 500, "RESERVED")
        assert timedelta(minutes=29) < row["expires_at"] - datetime.now(UTC) <= timedelta(minutes=30)
        assert datetime.fromisoformat(told["expiresAt"]) - row["expires_at"] < timedelta(milliseconds=1)

    @pytest.mark.parametrize(
        ("columns", "amount", "discount", "left"),
        [
            ({"value": 3333}, "9.99", 3.32, 6.67),
            ({"value": 1}, "1.00", 0, 1),
            ({"value": 10000}, "19.99", 19.99, 0),
            ({"value": 5000, "max_discount": 750}, "100", 7.5, 92.5),
            ({"type": "FIXED", "value": 500}, "12.34", 5, 7.34),
            ({"type": "FIXED", "value": 500}, "3.1", 3.1, 0),
            ({"type": "FIXED", "value": 500, "max_discount": 199}, "3.10", 1.99, 1.11),
        ],
    )
    def test_a_discount_is_rounded_down_and_has_its_ends(
        self,
        api: Api,
        headers: dict[str, str],
        tables: Tables,
        columns: dict[str, Any],
        amount: str,
        discount: float,
        left: float,
    ) -> None:
        coupon(tables, **columns)
        body = f'{{"code": "SUMMER", "appliesTo": "MESSAGE", "transactionAmount": {amount}}}'.encode()
        told = {"Content-Type": "application/json"}
        response = api.call("referral.apply_coupon", headers=headers | told, content=body)
        assert (response.json()["data"]["discount"], response.json()["data"]["finalAmount"]) == (discount, left)

    def test_a_load_is_paid_in_whole_and_the_gift_is_beside_it(
        self, api: Api, headers: dict[str, str], tables: Tables
    ) -> None:
        coupon(tables)
        told = applied(api, headers, 25.5)
        assert (told["discount"], told["finalAmount"]) == (5.1, 25.5)
        load = {"amount": "25.50", "couponUsageId": told["usageId"]}
        assert api.call("wallet.loads.start", load, headers=headers).is_success
        assert tables.one("SELECT amount FROM payments") == {"amount": 2550}
        assert tables.one("SELECT amount FROM sandbox_payments") == {"amount": 2550}

    @pytest.mark.parametrize(
        ("columns", "status", "code"),
        [
            ({"code": "summer"}, 404, "coupon.not_found"),
            ({"active": False}, 400, "coupon.inactive"),
            ({"starts_at": NOW + HOUR}, 400, "coupon.not_started"),
            ({"ends_at": NOW - HOUR}, 400, "coupon.expired"),
            ({"applies_to": "MESSAGE"}, 400, "coupon.not_applicable"),
            ({"min_purchase": 2501}, 400, "coupon.min_purchase"),
        ],
    )
    def test_what_is_no_coupon_for_this_is_told(
        self, api: Api, headers: dict[str, str], tables: Tables, columns: dict[str, Any], status: int, code: str
    ) -> None:
        coupon(tables, **columns)
        response = apply(api, headers)
        assert refused(response) == (status, code)
        assert tables.count("coupon_usages") == 0
        if code == "coupon.min_purchase":
            assert response.json()["error"]["i18nVars"] == {"min": "25.01"}

    @pytest.mark.parametrize("use", ["load", " LOAD ", "LOAD"])
    def test_a_use_is_read_in_any_case(self, api: Api, headers: dict[str, str], tables: Tables, use: str) -> None:
        coupon(tables, applies_to="LOAD", starts_at=NOW - HOUR, ends_at=NOW + HOUR, min_purchase=2500)
        assert applied(api, headers, appliesTo=use)["discount"] == 5

    @pytest.mark.parametrize(
        ("field", "value", "rule"),
        [
            ("transactionAmount", 0.99, "minimum"),
            ("transactionAmount", 19.999, "multipleOf"),
            ("transactionAmount", 1000001, "maximum"),
            ("transactionAmount", "25", "type"),
            ("appliesTo", "BOTH", "enum"),
            ("code", "", "minLength"),
        ],
    )
    def test_what_is_no_payment_is_refused(
        self, api: Api, headers: dict[str, str], field: str, value: Any, rule: str
    ) -> None:
        assert (field, rule) in broken_rules(
            apply(api, headers, **{field: value}) if field != "transactionAmount" else apply(api, headers, value)
        )

    def test_a_reservation_is_given_again_for_the_new_amount(
        self, api: Api, headers: dict[str, str], tables: Tables
    ) -> None:
        coupon(tables, max_uses=1, max_uses_per_user=1)
        first = applied(api, headers)
        assert applied(api, headers) == first
        changed = applied(api, headers, 100, appliesTo="MESSAGE")
        assert changed == first | {"discount": 20, "finalAmount": 80}
        row = tables.one("SELECT applies_to, amount, discount FROM coupon_usages")
        assert row == {"applies_to": "MESSAGE", "amount": 10000, "discount": 2000}

    def test_one_that_ran_out_makes_room(
        self, api: Api, headers: dict[str, str], server: Server, tables: Tables
    ) -> None:
        coupon(tables, max_uses=1)
        first = applied(api, headers)
        account(api, tables, email="eve@example.com")
        eve = bearer(api.sign_in("eve@example.com"))
        assert refused(apply(api, eve)) == (409, "coupon.exhausted")
        change(tables, "coupon_usages", UUID(first["usageId"]), expires_at=NOW - HOUR)
        assert applied(api, eve)["usageId"] != first["usageId"]
        assert refused(apply(api, headers)) == (409, "coupon.exhausted")
        assert tables.one("SELECT status FROM coupon_usages WHERE id = %s", first["usageId"])["status"] == "EXPIRED"

    def test_a_person_has_so_many(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        coupon(tables, max_uses_per_user=2)
        for _ in range(2):
            usage_id = UUID(applied(api, headers)["usageId"])
            change(tables, "coupon_usages", usage_id, status="USED", settled_at=NOW)
        assert refused(apply(api, headers)) == (409, "coupon.user_limit")
        change(tables, "coupon_usages", usage_id, status="RELEASED")
        assert applied(api, headers)["discount"] == 5

    def test_nothing_while_referrals_are_off(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        server.configure(**{"kill_switch.REFERRAL": True})
        assert refused(apply(api, headers)) == (503, "features.referral_disabled")

    def test_ten_in_a_minute(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        coupon(tables)
        for _ in range(10):
            applied(api, headers)
        assert refused(apply(api, headers)) == (429, "rate_limit.exceeded")
