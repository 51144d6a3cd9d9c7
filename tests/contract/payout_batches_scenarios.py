"""Payouts by file, for the test of side effects."""

from typing import Any

from domain.money.ledger import platform
from tests.bank_files import DEBTOR, REASON, approved, batched
from tests.contract.scenario import Act, Conditional, Scenario
from tests.handlers.support import account
from tests.harness import Api, Tables
from tests.staff import hired, member

BATCHES, TRANSFERS = "admin.payouts.batches", "admin.payouts.transfers"
OPENED = {"ledger_accounts"}


def creating(*, again: bool) -> Scenario:
    """``again``: there was a batch before."""

    def prepare(api: Api, tables: Tables) -> Act:
        api.server.configure(**DEBTOR)
        if again:
            before = approved(api.server, account(api, tables, email="eve@example.com", username="eve"))
            assert batched(api, member(api.server, "FINANCE"), before).status_code == 201
        body = {"payoutIds": [str(approved(api.server, account(api, tables)))], "reason": REASON}
        headers = hired(api.server, "FINANCE")
        return lambda: api.call(f"{BATCHES}.create", body, headers=headers)

    return prepare


def with_batch(operation_id: str, body: Any = None) -> Scenario:
    """The path is filled with the id of the batch, or of its payout."""

    def prepare(api: Api, tables: Tables) -> Act:
        api.server.configure(**DEBTOR)
        payout_id, caller = approved(api.server, account(api, tables)), member(api.server, "FINANCE")
        batch_id = batched(api, member(api.server, "FINANCE"), payout_id).json()["data"]["batch"]["id"]
        path = api.policy(operation_id).path.format(id=batch_id if operation_id.startswith(BATCHES) else payout_id)
        return lambda: api.call(operation_id, body, path=path, headers=caller.headers)

    return prepare


def paid_before(api: Api, tables: Tables) -> Act:
    """Our bank account has paid somebody."""
    act = marking_processed(api, tables)
    tables.run(
        "INSERT INTO ledger_accounts (id, code, currency, normal) VALUES (%s, 'bank', 'USD', 'DEBIT')",
        platform("bank").id,
    )
    return act


marking_processed = with_batch(f"{TRANSFERS}.mark_processed", {"reference": "Statement 14, line 3", "reason": REASON})
SCENARIOS: dict[str, Scenario] = {
    f"{BATCHES}.list": with_batch(f"{BATCHES}.list"),
    f"{BATCHES}.find": with_batch(f"{BATCHES}.find"),
    f"{BATCHES}.file": with_batch(f"{BATCHES}.file"),
    f"{BATCHES}.create": creating(again=True),
    f"{TRANSFERS}.mark_processed": paid_before,
    f"{TRANSFERS}.mark_failed": with_batch(
        f"{TRANSFERS}.mark_failed", {"failureReason": "DESTINATION_REJECTED", "reason": REASON}
    ),
}
CONDITIONAL: Conditional = {
    f"{BATCHES}.create": [(creating(again=False), OPENED)],
    f"{TRANSFERS}.mark_processed": [(marking_processed, OPENED)],
}
