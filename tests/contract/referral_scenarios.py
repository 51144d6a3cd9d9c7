"""Referral links, for the test of side effects."""

from typing import Any

from tests.contract.oauth_scenarios import Body, entering
from tests.contract.scenario import Act, Conditional, Scenario, calling
from tests.handlers.auth.test_oauth import told
from tests.handlers.creators.test_visits import BROWSER
from tests.handlers.support import insert
from tests.harness import Api, Tables
from tests.oidc_server import Platform


def linked(tables: Tables) -> None:
    user_id = insert(tables, "users", email="eve@example.com")
    insert(tables, "referral_links", user_id=user_id, code="eve")


def with_link(scenario: Scenario) -> Scenario:
    """Somebody else has a link."""

    def prepare(api: Api, tables: Tables) -> Act:
        linked(tables)
        return scenario(api, tables)

    return prepare


def looking(api: Api, tables: Tables) -> Act:
    act = calling("referral.link", username="ada")(api, tables)
    insert(tables, "referral_links", user_id=tables.one("SELECT id FROM users")["id"], code="ada")
    return act


def applying(api: Api, tables: Tables) -> Act:
    insert(tables, "coupons", code="SUMMER", type="PERCENT", value=2000, applies_to="BOTH")
    body = {"code": "SUMMER", "transactionAmount": 25, "appliesTo": "LOAD"}
    return calling("referral.apply_coupon", body)(api, tables)


def clicking(**options: Any) -> Scenario:
    return lambda api, tables: lambda: api.call("referral.click", path="/referral/click/eve", **options)


def registering(api: Api, tables: Tables) -> Act:
    return lambda: api.register(referralCode="eve")


def referred(platform: Platform) -> Body:
    return told(platform) | {"referralCode": "eve"}


SCENARIOS: dict[str, Scenario] = {
    "referral.apply_coupon": applying,
    "referral.link": looking,
    "referral.dashboard": calling("referral.dashboard"),
    "referral.click": with_link(clicking()),
}
COUNTED = {"referral_links"}
CONDITIONAL: Conditional = {
    "referral.link": [(calling("referral.link", username="ada"), COUNTED)],
    "referral.click": [(with_link(clicking(headers=BROWSER)), COUNTED)],
}
REFERRED: Conditional = {
    "auth.register": [(with_link(registering), COUNTED)],
    "auth.oauth.login": [(with_link(entering(referred)), COUNTED | {"social_accounts", "consent_records"})],
}
