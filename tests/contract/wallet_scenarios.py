"""Wallets, for the test of side effects."""

from tests.contract.scenario import Act, Conditional, Scenario
from tests.handlers.support import account, insert
from tests.harness import Api, Tables, bearer
from tests.money import begin, left_behind, load


def packages(api: Api, tables: Tables) -> Act:
    return lambda: api.call("wallet.packages")


def looking(operation_id: str) -> Scenario:
    """At a wallet with money."""

    def prepare(api: Api, tables: Tables) -> Act:
        load(api.server, account(api, tables))
        headers = bearer(api.sign_in())
        return lambda: api.call(operation_id, headers=headers)

    return prepare


def starting(api: Api, tables: Tables) -> Act:
    """With a wallet that has money."""
    load(api.server, account(api, tables))
    headers = bearer(api.sign_in())
    return lambda: api.call("wallet.loads.start", {"amount": "25.00"}, headers=headers)


def starting_anew(api: Api, tables: Tables) -> Act:
    account(api, tables)
    headers = bearer(api.sign_in())
    return lambda: api.call("wallet.loads.start", {"amount": "25.00"}, headers=headers)


def with_coupon(api: Api, tables: Tables) -> Act:
    load(api.server, account(api, tables))
    headers = bearer(api.sign_in())
    insert(tables, "coupons", code="SUMMER", type="PERCENT", value=2000, applies_to="LOAD")
    applied = {"code": "SUMMER", "transactionAmount": 25, "appliesTo": "LOAD"}
    usage = api.call("referral.apply_coupon", applied, headers=headers).json()["data"]["usageId"]
    body = {"amount": "25.00", "couponUsageId": usage}
    return lambda: api.call("wallet.loads.start", body, headers=headers)


def finding(api: Api, tables: Tables) -> Act:
    account(api, tables)
    headers = bearer(api.sign_in())
    session_id = begin(api, headers)["sessionId"]
    return lambda: api.call("wallet.loads.find", path=f"/wallet/load/{session_id}", headers=headers)


def redeeming(api: Api, tables: Tables) -> Act:
    """What an account had that is gone."""
    code = left_behind(api, tables, 1250)
    account(api, tables)
    headers = bearer(api.sign_in())
    return lambda: api.call("wallet.claims.redeem", {"claimCode": code}, headers=headers)


SCENARIOS: dict[str, Scenario] = {
    "wallet.packages": packages,
    "wallet.balance": looking("wallet.balance"),
    "wallet.activity": looking("wallet.activity"),
    "wallet.claims.redeem": redeeming,
    "wallet.loads.start": starting,
    "wallet.loads.find": finding,
}
CONDITIONAL: Conditional = {
    "wallet.loads.start": [(starting_anew, {"wallets", "ledger_accounts"}), (with_coupon, {"coupon_usages"})],
}
