"""What developers have become of money at the sandbox, for the test of side effects."""

from tests.contract.scenario import Act, Conditional, Scenario
from tests.creators import creator, signed_in
from tests.handlers.support import account
from tests.harness import Api, Tables, bearer
from tests.money import begin
from tests.payouts import connected, verified
from tests.simulations import sent, simulate, simulated

PAYMENT, KYC, ACCOUNT, PAYOUT = (f"dev.simulate_{what}" for what in ("payment", "kyc", "payout_account", "payout"))


def paying(outcome: str, *before: str) -> Scenario:
    def prepare(api: Api, tables: Tables) -> Act:
        account(api, tables)
        session_id = begin(api, bearer(api.sign_in()))["sessionId"]
        for each in before:
            simulated(api, PAYMENT, session_id, each)
        return lambda: simulate(api, PAYMENT, session_id, outcome)

    return prepare


def verifying(api: Api, tables: Tables) -> Act:
    headers = signed_in(api, creator(api, tables))
    session_id = api.call("creators.kyc.start", headers=headers).json()["data"]["sessionId"]
    return lambda: simulate(api, KYC, session_id, "approve")


def opening(api: Api, tables: Tables) -> Act:
    account_id = connected(api, signed_in(api, verified(api, tables)))
    return lambda: simulate(api, ACCOUNT, account_id, "submit")


def sending(api: Api, tables: Tables) -> Act:
    _, payout_id = sent(api, api.server, tables)
    return lambda: simulate(api, PAYOUT, payout_id, "pay")


def probing(family: str, name: str) -> Scenario:
    def prepare(api: Api, tables: Tables) -> Act:
        return lambda: api.call("dev.probe", path=f"/dev/providers/{family}/{name}/probe")

    return prepare


def listing(api: Api, tables: Tables) -> Act:
    return lambda: api.call("dev.webhooks")


SCENARIOS: dict[str, Scenario] = {
    PAYMENT: paying("pay_later"),
    KYC: verifying,
    ACCOUNT: opening,
    PAYOUT: sending,
    "dev.probe": probing("geoip", "maxmind"),
    "dev.webhooks": listing,
}
CONDITIONAL: Conditional = {
    PAYMENT: [
        (paying("pay"), {"sandbox_movements"}),
        (paying("refund", "pay"), {"sandbox_movements", "sandbox_refunds"}),
    ],
    "dev.probe": [(probing("payment", "sandbox"), {"provider_probes"})],
}
