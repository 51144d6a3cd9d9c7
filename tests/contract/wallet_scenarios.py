"""Wallets, for the test of side effects."""

from tests.contract.scenario import Act, Scenario
from tests.handlers.support import account
from tests.harness import Api, Tables, bearer
from tests.money import load


def packages(api: Api, tables: Tables) -> Act:
    return lambda: api.call("wallet.packages")


def looking(operation_id: str) -> Scenario:
    """At a wallet with money."""

    def prepare(api: Api, tables: Tables) -> Act:
        load(api.server, account(api, tables))
        headers = bearer(api.sign_in())
        return lambda: api.call(operation_id, headers=headers)

    return prepare


SCENARIOS: dict[str, Scenario] = {
    "wallet.packages": packages,
    "wallet.balance": looking("wallet.balance"),
    "wallet.activity": looking("wallet.activity"),
}
