"""Payout accounts of creators, for the test of side effects."""

from contextlib import ExitStack

import httpx

from providers.payout.sandbox import ACCOUNT_PAGE
from tests.contract.bank_scenarios import MONEY_BACK
from tests.contract.scenario import Act, Conditional, Scenario
from tests.creators import signed_in
from tests.harness import Api, Tables
from tests.payout_vendor import payout_of
from tests.payouts import at_paypal, connected, enabled, faulty, press, verified

INITIATE, LINK, STATUS, DASHBOARD = (
    f"creators.payout_account.{verb}" for verb in ("initiate", "refresh_link", "status", "dashboard_link")
)
COMPLETE = "creators.payout_account.complete"


def connecting(api: Api, tables: Tables) -> Act:
    headers = signed_in(api, verified(api, tables))
    return lambda: api.call(INITIATE, headers=headers)


def with_account(operation_id: str) -> Scenario:
    def prepare(api: Api, tables: Tables) -> Act:
        _, headers, _ = enabled(api, tables)
        return lambda: api.call(operation_id, headers=headers)

    return prepare


def without_account(api: Api, tables: Tables) -> Act:
    headers = signed_in(api, verified(api, tables))
    return lambda: api.call(STATUS, headers=headers)


def changed(api: Api, tables: Tables) -> Act:
    """Of which no notice came."""
    headers = signed_in(api, verified(api, tables))
    ref = connected(api, headers)
    press(api, ACCOUNT_PAGE, ref, "submit")
    return lambda: api.call(STATUS, headers=headers)


def moved(api: Api, tables: Tables) -> Act:
    """The money would go to another bank account, and a payout waits."""
    ada, headers, _ = enabled(api, tables)
    payout_of(api.server, ada, provider="sandbox")
    tables.run("UPDATE payout_accounts SET destination = 'the first'")

    def act() -> httpx.Response:
        with faulty(api.server) as vendor:
            vendor.destination = "the second"
            return api.call(STATUS, headers=headers)

    return act


MOVED = MONEY_BACK | {"payout_accounts", "creator.payout_account.destination_changed", "email.payout_told"}
MOVED |= {"email.payout_destination_changed"}


def signing_in(operation_id: str) -> Scenario:
    """At a provider where people do."""

    def prepare(api: Api, tables: Tables) -> Act:
        headers = signed_in(api, verified(api, tables))
        with ExitStack() as stack:
            world = stack.enter_context(at_paypal(api.server))
            world.spends = False  # each language of the samples comes back with the same code
            response = api.call(INITIATE, headers=headers)
            assert response.status_code == 201, response.text
            back = world.sign_in(response.json()["data"]["onboardingUrl"], "QYR5Z8XDVJNXQ")
            open_until_then = stack.pop_all()

        def act() -> httpx.Response:
            with open_until_then:
                return api.call(operation_id, back if operation_id == COMPLETE else None, headers=headers)

        return act

    return prepare


OPENED = {"payout_accounts", "creator_profiles", "email.payout_account_connected"}
OPENED |= {"creator.payout_account.connected", "creator.payout_account.changed"}
SCENARIOS: dict[str, Scenario] = {
    INITIATE: with_account(INITIATE),
    LINK: with_account(LINK),
    STATUS: without_account,
    DASHBOARD: with_account(DASHBOARD),
    COMPLETE: signing_in(COMPLETE),
}
CONDITIONAL: Conditional = {
    INITIATE: [(connecting, OPENED), (signing_in(INITIATE), {"payout_accounts"})],
    LINK: [(signing_in(LINK), {"payout_accounts"})],
    STATUS: [
        (with_account(STATUS), {"payout_accounts"}),
        (moved, MOVED),
        (changed, {"payout_accounts", "creator_profiles", "creator.payout_account.changed"}),
    ],
}
