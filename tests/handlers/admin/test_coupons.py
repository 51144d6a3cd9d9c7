"""Coupons as staff makes and changes them."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.handlers.support import account, audited, insert
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.staff import Hired, member

WHY = "The summer campaign."
PERCENT = {"code": "SUMMER20", "type": "PERCENT", "value": "20", "appliesTo": "BOTH", "reason": WHY}
SPRING, SUMMER = "2026-03-01T00:00:00.000Z", "2026-06-01T00:00:00.000Z"


@pytest.fixture
def finance(server: Server) -> Hired:
    return member(server, "FINANCE")


def add(api: Api, caller: Hired, **fields: Any) -> httpx.Response:
    return api.call("admin.coupons.add", PERCENT | fields, headers=caller.headers)


def made(api: Api, caller: Hired, **fields: Any) -> dict[str, Any]:
    response = add(api, caller, **fields)
    assert response.status_code == 201, response.text
    return dict(response.json()["data"])


def update(api: Api, caller: Hired, coupon_id: Any, version: int = 1, **fields: Any) -> httpx.Response:
    headers = caller.headers | {"If-Match": f'"{version}"'}
    path = f"/admin/coupons/{coupon_id}"
    return api.call("admin.coupons.update", {"reason": WHY} | fields, path=path, headers=headers)


def used(tables: Tables, user_id: UUID, coupon_id: Any, status: str = "USED") -> None:
    settled = None if status == "RESERVED" else SPRING
    row = {"applies_to": "LOAD", "amount": 100, "discount": 20, "expires_at": SPRING, "settled_at": settled}
    insert(tables, "coupon_usages", coupon_id=coupon_id, user_id=user_id, status=status, **row)


class TestAdd:
    def test_it_is_kept_as_it_is_told(self, api: Api, finance: Hired, tables: Tables) -> None:
        fields = {"minPurchase": "10", "maxDiscount": "7.5", "startsAt": SPRING, "endsAt": SUMMER}
        coupon = made(api, finance, **fields, maxUses=10, maxUsesPerUser=1)
        told = {"code": "SUMMER20", "type": "PERCENT", "value": "20.00", "appliesTo": "BOTH"}
        told |= {"minPurchase": "10.00", "maxDiscount": "7.50", "startsAt": SPRING, "endsAt": SUMMER}
        assert coupon.items() >= (told | {"maxUses": 10, "maxUsesPerUser": 1, "active": True, "version": 1}).items()
        row = tables.one("SELECT value, min_purchase, max_discount FROM coupons")
        assert row == {"value": 2000, "min_purchase": 1000, "max_discount": 750}
        (entry,) = audited(tables, "admin.coupons.add")
        assert (entry["reason"], entry["after"]["code"], entry["after"]["value"]) == (WHY, "SUMMER20", 2000)

    def test_what_is_left_out_has_no_limit(self, api: Api, finance: Hired) -> None:
        coupon = made(api, finance, type="FIXED", value="5.5")
        open_ = dict.fromkeys(("maxDiscount", "startsAt", "endsAt", "maxUses", "maxUsesPerUser"))
        assert coupon.items() >= (open_ | {"value": "5.50", "minPurchase": "0.00"}).items()

    def test_a_code_is_taken_once_and_case_tells_them_apart(self, api: Api, finance: Hired) -> None:
        made(api, finance)
        response = add(api, finance)
        assert (response.status_code, code_of(response)) == (409, "admin.coupon.code_taken")
        made(api, finance, code="summer20")

    @pytest.mark.parametrize(
        "fields",
        [
            {"value": "0"},
            {"value": "100.01"},
            {"type": "FIXED", "value": "0.00"},
            {"maxDiscount": "0"},
        ],
    )
    def test_a_value_is_more_than_nothing_and_at_most_everything(
        self, api: Api, finance: Hired, fields: dict[str, Any]
    ) -> None:
        response = add(api, finance, **fields)
        assert (response.status_code, code_of(response)) == (400, "admin.coupon.value_invalid")

    def test_a_time_that_ends_before_it_begins_is_none(self, api: Api, finance: Hired) -> None:
        response = add(api, finance, startsAt=SUMMER, endsAt=SPRING)
        assert (response.status_code, code_of(response)) == (400, "admin.coupon.window_invalid")

    @pytest.mark.parametrize("value", ["5.", "1e3", "\u0665", "-1", "19.999", "00000005", " 5"])
    def test_an_amount_has_plain_digits(self, api: Api, finance: Hired, value: str) -> None:
        assert ("value", "pattern") in broken_rules(add(api, finance, value=value))

    def test_a_reason_is_required(self, api: Api, finance: Hired) -> None:
        assert ("reason", "minLength") in broken_rules(add(api, finance, reason="x"))

    def test_whoever_only_reads_makes_none(self, api: Api, server: Server) -> None:
        response = add(api, member(server, "AUDITOR"))
        assert (response.status_code, code_of(response)) == (403, "admin.permission_denied")


class TestUpdate:
    def test_the_given_fields_change_and_nobody_overwrites_unseen(
        self, api: Api, finance: Hired, tables: Tables
    ) -> None:
        coupon = made(api, finance, maxUses=5)
        response = update(api, finance, coupon["id"], maxUses=3, active=False, endsAt=SUMMER)
        changed = {"maxUses": 3, "active": False, "endsAt": SUMMER, "version": 2}
        assert response.json()["data"] == coupon | changed
        (entry,) = audited(tables, "admin.coupons.update")
        assert (entry["before"]["max_uses"], entry["after"]["max_uses"], entry["reason"]) == (5, 3, WHY)
        response = update(api, finance, coupon["id"], maxUses=9)
        assert (response.status_code, code_of(response)) == (412, "precondition.failed")

    def test_what_is_not_there_is_not_found(self, api: Api, finance: Hired) -> None:
        response = update(api, finance, uuid4(), active=False)
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")

    def test_the_time_stays_one(self, api: Api, finance: Hired) -> None:
        coupon = made(api, finance, startsAt=SUMMER)
        response = update(api, finance, coupon["id"], endsAt=SPRING)
        assert (response.status_code, code_of(response)) == (400, "admin.coupon.window_invalid")

    @pytest.mark.parametrize("status", ["RESERVED", "USED"])
    @pytest.mark.parametrize("limit", ["maxUses", "maxUsesPerUser"])
    def test_limits_of_one_in_use_are_only_raised(
        self, api: Api, finance: Hired, tables: Tables, status: str, limit: str
    ) -> None:
        coupon = made(api, finance, maxUses=5, maxUsesPerUser=5)
        used(tables, account(api, tables), coupon["id"], status)
        response = update(api, finance, coupon["id"], **{limit: 4})
        assert (response.status_code, code_of(response)) == (409, "admin.coupon.limit_lowered")
        assert update(api, finance, coupon["id"], **{limit: 6}).status_code == 200
        assert update(api, finance, coupon["id"], 2, **{limit: None}).status_code == 200
        response = update(api, finance, coupon["id"], 3, **{limit: 1000})
        assert (response.status_code, code_of(response)) == (409, "admin.coupon.limit_lowered")

    def test_a_use_that_was_given_back_binds_nobody(self, api: Api, finance: Hired, tables: Tables) -> None:
        coupon = made(api, finance, maxUses=5)
        used(tables, account(api, tables), coupon["id"], "RELEASED")
        assert update(api, finance, coupon["id"], maxUses=1).status_code == 200


class TestList:
    def test_the_newest_first_by_pages_and_by_whether_they_are_active(self, api: Api, finance: Hired) -> None:
        for number in range(5):
            made(api, finance, code=f"C{number}00", active=number != 2)
        first = listed(api, finance, limit=2)
        assert codes(first) == ["C400", "C300"]
        second = listed(api, finance, limit=2, cursor=first["nextCursor"])
        assert codes(second) == ["C200", "C100"]
        assert codes(listed(api, finance, active=False)) == ["C200"]
        assert len(codes(listed(api, finance, active=True))) == 4
        assert listed(api, finance)["nextCursor"] is None

    def test_a_cursor_of_another_list_is_none(self, api: Api, finance: Hired) -> None:
        made(api, finance)
        made(api, finance, code="other")
        further = listed(api, finance, limit=1)["nextCursor"]
        params = {"active": "true", "limit": 1, "cursor": further}
        response = api.call("admin.coupons.list", params=params, headers=finance.headers)
        assert (response.status_code, code_of(response)) == (400, "admin.cursor_invalid")

    def test_the_auditor_reads_them(self, api: Api, server: Server) -> None:
        assert listed(api, member(server, "AUDITOR"))["items"] == []


def listed(api: Api, caller: Hired, **params: Any) -> dict[str, Any]:
    told = {name: str(value).lower() if isinstance(value, bool) else value for name, value in params.items()}
    response = api.call("admin.coupons.list", params=told, headers=caller.headers)
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


def codes(page: dict[str, Any]) -> list[str]:
    return [each["code"] for each in page["items"]]
