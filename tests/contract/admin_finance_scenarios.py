"""Money as staff reads and moves it, for the test of side effects."""

from collections.abc import Mapping
from typing import Any

from tests.contract.scenario import Scenario, as_staff
from tests.handlers.support import account
from tests.harness import Api, Tables
from tests.money import fan, load


def with_money(operation_id: str, body: Any = None, **options: Any) -> Scenario:
    """Ada's wallet has 25 dollars; the path is filled with the ids of the wallet and of its first account."""

    def prepare(api: Api, tables: Tables) -> Any:
        wallet = fan(account(api, tables))
        load(api.server, wallet.user_id)
        ids: Mapping[str, Any] = {"id": wallet.account("fan").id if "accounts" in operation_id else wallet.id}
        return as_staff(operation_id, body, prepare=lambda _: ids, role="FINANCE", **options)(api, tables)

    return prepare


SCENARIOS: dict[str, Scenario] = {
    "admin.finance.transfers.list": with_money("admin.finance.transfers.list"),
    "admin.finance.accounts.find": with_money("admin.finance.accounts.find"),
    "admin.finance.accounts.balances": with_money("admin.finance.accounts.balances"),
    "admin.finance.wallets.list": with_money("admin.finance.wallets.list"),
    "admin.finance.wallets.find": with_money("admin.finance.wallets.find"),
}
