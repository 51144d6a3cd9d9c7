"""Tax forms of creators, for the test of side effects."""

from typing import Any

from tests.contract.bank_scenarios import MONEY_BACK
from tests.contract.scenario import Act, Conditional, Scenario
from tests.creators import creator, signed_in
from tests.harness import Api, Tables
from tests.payees import payee, requested
from tests.staff import hired
from tests.tax import FORM, submitted

REJECT = "admin.tax_forms.reject"


def finding(api: Api, tables: Tables) -> Act:
    ada = creator(api, tables)
    submitted(api, ada)
    headers = signed_in(api, ada)
    return lambda: api.call("creators.tax.find", headers=headers)


def submitting(api: Api, tables: Tables) -> Act:
    headers = signed_in(api, creator(api, tables))
    return lambda: api.call("creators.tax.submit", FORM, headers=headers)


def listing(api: Api, tables: Tables) -> Act:
    submitted(api, creator(api, tables))
    headers = hired(api.server, "FINANCE")
    return lambda: api.call("admin.tax_forms.list", headers=headers)


def reviewing(verb: str, *, versioned: bool = True, **body: Any) -> Scenario:
    def prepare(api: Api, tables: Tables) -> Act:
        path = f"/admin/tax-forms/{submitted(api, creator(api, tables))}/{verb}"
        headers = hired(api.server, "FINANCE") | ({"If-Match": '"1"'} if versioned else {})
        told = {"reason": "Compared with the identity."} | body
        return lambda: api.call(f"admin.tax_forms.{verb}", told, path=path, headers=headers)

    return prepare


def rejecting_after_all(api: Api, tables: Tables) -> Act:
    """One that was approved, while a payout waits."""
    _, headers = payee(api, tables)
    requested(api, headers)
    form = tables.one("SELECT id, version FROM tax_forms")
    staff = hired(api.server, "FINANCE") | {"If-Match": f'"{form["version"]}"'}
    told = {"reason": "Compared with the identity.", "statement": "The name is another one."}
    path = f"/admin/tax-forms/{form['id']}/reject"
    return lambda: api.call(REJECT, told, path=path, headers=staff)


SCENARIOS: dict[str, Scenario] = {
    "creators.tax.find": finding,
    "creators.tax.submit": submitting,
    "admin.tax_forms.list": listing,
    "admin.tax_forms.approve": reviewing("approve"),
    REJECT: reviewing("reject", statement="The name is another one."),
    "admin.tax_forms.reveal": reviewing("reveal", versioned=False),
}
CONDITIONAL: Conditional = {
    REJECT: [
        (rejecting_after_all, MONEY_BACK | {"email.payout_told"}),
    ],
}
