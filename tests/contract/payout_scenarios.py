"""Payouts as creators ask for them, for the test of side effects."""

from tests.contract.scenario import Act, Scenario
from tests.harness import Api, Tables
from tests.payees import payee, requested


def requesting(api: Api, tables: Tables) -> Act:
    _, headers = payee(api, tables)
    return lambda: api.call("payouts.request", {"amount": "120.00"}, headers=headers)


def cancelling(api: Api, tables: Tables) -> Act:
    _, headers = payee(api, tables)
    path = f"/payouts/{requested(api, headers)}/cancel"
    return lambda: api.call("payouts.cancel", path=path, headers=headers)


def reporting(api: Api, tables: Tables) -> Act:
    _, headers = payee(api, tables)
    requested(api, headers)
    return lambda: api.call("payouts.report", headers=headers)


SCENARIOS: dict[str, Scenario] = {
    "payouts.request": requesting,
    "payouts.cancel": cancelling,
    "payouts.report": reporting,
}
