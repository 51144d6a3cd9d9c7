"""Payouts as staff decides on them, for the test of side effects."""

from typing import Any

from domain.money import flows
from domain.money.ledger import platform
from tests.contract.scenario import Conditional, Scenario, as_staff
from tests.handlers.support import insert
from tests.harness import Api, Tables
from tests.money import post
from tests.payout_vendor import payout_of, ready

APPROVE, SETTLE = "admin.payouts.approve", "admin.payouts.settlements.settle"
REASON = {"reason": "Ticket 4711."}
ENDED = REASON | {"statement": "The messages were paid for by yourself."}


def with_payout(operation_id: str, body: Any = None, amount: int = 50_001) -> Scenario:
    """Of a creator who may be paid out. Two must agree on the usual amount."""

    def prepare(api: Api, tables: Tables) -> Any:
        payout = payout_of(api.server, ready(api, tables), amount, provider="sandbox")
        return as_staff(operation_id, body, prepare=lambda _: {"id": payout}, role="FINANCE")(api, tables)

    return prepare


def stuck(outcome: str, amount: int = 50_000, *, opened: bool = True) -> Scenario:
    """Under way for long, and its provider has none. ``opened``: that provider was paid from before."""

    def prepare(api: Api, tables: Tables) -> Any:
        payout = payout_of(api.server, ready(api, tables), amount, provider="sandbox", status="PROCESSING")
        post(api.server, flows.payout_sent(payout, 1, amount))
        tables.run(
            "INSERT INTO payout_attempts (payout_id, number, provider, created_at) VALUES (%s, 1, %s, '2026-01-02')",
            payout, "sandbox",
        )  # fmt: skip
        if opened:
            rail = platform("rail", "sandbox")
            row = {"id": rail.id, "code": rail.code, "currency": "USD", "normal": "DEBIT"}
            insert(tables, "ledger_accounts", **row)
        body = REASON | {"outcome": outcome, "evidence": "A mail of the provider."}
        return as_staff(SETTLE, body, prepare=lambda _: {"id": payout}, role="FINANCE")(api, tables)

    return prepare


POSTED = {"payouts", "ledger_transfers", "ledger_entries"}
GIVEN_BACK = {"ledger_accounts", "wallets", "wallet_activity", "email.payout_told"}
SCENARIOS: dict[str, Scenario] = {
    "admin.payouts.list": with_payout("admin.payouts.list"),
    "admin.payouts.find": with_payout("admin.payouts.find"),
    APPROVE: with_payout(APPROVE, REASON),
    "admin.payouts.reject": with_payout("admin.payouts.reject", ENDED),
    "admin.payouts.cancel": with_payout("admin.payouts.cancel", ENDED),
    SETTLE: stuck("FAILED", 50_001),
}
CONDITIONAL: Conditional = {
    APPROVE: [(with_payout(APPROVE, REASON, 50_000), {"payouts.send"})],
    SETTLE: [
        (stuck("PROCESSED"), POSTED),
        (stuck("PROCESSED", opened=False), POSTED | {"ledger_accounts"}),
        (stuck("FAILED"), POSTED | GIVEN_BACK),
    ],
}
