"""Payouts as staff decides on them, for the test of side effects."""

from typing import Any

from tests.contract.scenario import Conditional, Scenario, as_staff
from tests.harness import Api, Tables
from tests.payout_vendor import payout_of, ready

APPROVE = "admin.payouts.approve"
REASON = {"reason": "Ticket 4711."}
ENDED = REASON | {"statement": "The messages were paid for by yourself."}


def with_payout(operation_id: str, body: Any = None, amount: int = 50_001) -> Scenario:
    """Of a creator who may be paid out. Two must agree on the usual amount."""

    def prepare(api: Api, tables: Tables) -> Any:
        payout = payout_of(api.server, ready(api, tables), amount, provider="sandbox")
        return as_staff(operation_id, body, prepare=lambda _: {"id": payout}, role="FINANCE")(api, tables)

    return prepare


SCENARIOS: dict[str, Scenario] = {
    "admin.payouts.list": with_payout("admin.payouts.list"),
    "admin.payouts.find": with_payout("admin.payouts.find"),
    APPROVE: with_payout(APPROVE, REASON),
    "admin.payouts.reject": with_payout("admin.payouts.reject", ENDED),
    "admin.payouts.cancel": with_payout("admin.payouts.cancel", ENDED),
}
CONDITIONAL: Conditional = {APPROVE: [(with_payout(APPROVE, REASON, 50_000), {"payouts.send"})]}
