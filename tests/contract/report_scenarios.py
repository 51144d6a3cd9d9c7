"""Reports, for the test of side effects."""

from tests.contract.scenario import Act, Conditional, Scenario
from tests.handlers.support import account
from tests.harness import Api, Tables, bearer

REPORT = {
    "targetType": "USER",
    "targetId": "mallory",
    "category": "SCAM",
    "explanation": "It takes money for nothing.",
    "goodFaith": True,
}


def nameless(api: Api, tables: Tables) -> Act:
    account(api, tables, "mallory@example.com", username="mallory")
    return lambda: api.call("reports.submit", REPORT | {"category": "CHILD_SAFETY"})


def stranger(api: Api, tables: Tables) -> Act:
    account(api, tables, "mallory@example.com", username="mallory")
    return lambda: api.call("reports.submit", REPORT | {"name": "Ada", "email": "ada@example.com"})


def signed_in(api: Api, tables: Tables) -> Act:
    account(api, tables, "mallory@example.com", username="mallory")
    account(api, tables)
    headers = bearer(api.sign_in())
    return lambda: api.call("reports.submit", REPORT, headers=headers)


SCENARIOS: dict[str, Scenario] = {"reports.submit": nameless}
CONDITIONAL: Conditional = {
    "reports.submit": [
        (stranger, {"mail_quotas", "email.report_received"}),
        (signed_in, {"email.report_received"}),
    ]
}
