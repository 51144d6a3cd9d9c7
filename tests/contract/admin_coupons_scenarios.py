"""Coupons as the staff makes them, for the test of side effects."""

from collections.abc import Mapping
from typing import Any

from tests.contract.scenario import Scenario, as_staff
from tests.handlers.support import insert
from tests.harness import Tables

SEEN = {"If-Match": '"1"'}
NEW = {"code": "SUMMER20", "type": "PERCENT", "value": "20", "appliesTo": "BOTH", "reason": "The summer campaign."}


def coupon(tables: Tables) -> Mapping[str, Any]:
    return {"id": insert(tables, "coupons", code="SUMMER20", type="PERCENT", value=2000, applies_to="BOTH")}


SCENARIOS: dict[str, Scenario] = {
    "admin.coupons.add": as_staff("admin.coupons.add", NEW),
    "admin.coupons.list": as_staff("admin.coupons.list", prepare=coupon),
    "admin.coupons.update": as_staff(
        "admin.coupons.update", {"maxUses": 5, "reason": "It goes well."}, prepare=coupon, headers=SEEN
    ),
}
