"""Tax forms of creators, for the test of side effects."""

from typing import Any

from tests.contract.scenario import Act, Scenario
from tests.creators import creator, signed_in
from tests.harness import Api, Tables
from tests.staff import hired
from tests.tax import FORM, submitted


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


SCENARIOS: dict[str, Scenario] = {
    "creators.tax.find": finding,
    "creators.tax.submit": submitting,
    "admin.tax_forms.list": listing,
    "admin.tax_forms.approve": reviewing("approve"),
    "admin.tax_forms.reject": reviewing("reject", statement="The name is another one."),
    "admin.tax_forms.reveal": reviewing("reveal", versioned=False),
}
