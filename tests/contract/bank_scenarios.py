"""Bank details of creators, for the test of side effects."""

from typing import Any

from tests.bank import DETAILS, OTHER_IBAN, known_by_name, with_details
from tests.contract.scenario import Act, Conditional, Scenario
from tests.creators import creator, signed_in
from tests.harness import Api, Tables
from tests.payees import payee, requested
from tests.staff import hired

UPDATE = "creators.bank.update"


def as_owner(operation_id: str, body: Any = None, *, entered: bool = True) -> Scenario:
    def prepare(api: Api, tables: Tables) -> Act:
        ada = creator(api, tables)
        headers = with_details(api, ada) if entered else signed_in(api, ada)
        return lambda: api.call(operation_id, body, headers=headers)

    return prepare


def deciding(verb: str, **body: Any) -> Scenario:
    def prepare(api: Api, tables: Tables) -> Act:
        ada = creator(api, tables)
        with_details(api, ada)
        known_by_name(api, tables, ada)
        path = f"/admin/bank-details/{ada.creator_id}/{verb}"
        headers = hired(api.server, "FINANCE") | {"If-Match": '"1"'}
        return lambda: api.call(
            f"admin.bank_details.{verb}", {"reason": "Ticket 1042."} | body, path=path, headers=headers
        )

    return prepare


def listing(api: Api, tables: Tables) -> Act:
    with_details(api, creator(api, tables))
    headers = hired(api.server, "FINANCE")
    return lambda: api.call("admin.bank_details.list", headers=headers)


SCENARIOS: dict[str, Scenario] = {
    "creators.bank.settings": as_owner("creators.bank.settings"),
    UPDATE: as_owner(UPDATE, {}),
    "admin.bank_details.list": listing,
    "admin.bank_details.verify": deciding("verify"),
    "admin.bank_details.reject": deciding("reject", rejectedFor="NAME_MISMATCH"),
}


def paid_by_it(api: Api, tables: Tables) -> Act:
    """A payout to the details waits."""
    _, headers = payee(api, tables)
    requested(api, headers)
    return lambda: api.call(UPDATE, {"iban": OTHER_IBAN, "swiftCode": "NWBKGB2L"}, headers=headers)


MONEY_BACK = {"payouts", "ledger_transfers", "ledger_entries", "ledger_accounts", "wallets", "wallet_activity"}
CHANGED = {"bank_details", "creator.bank.update.success"}
CONDITIONAL: Conditional = {
    UPDATE: [
        (as_owner(UPDATE, DETAILS, entered=False), CHANGED | {"email.bank_details_changed"}),
        (paid_by_it, CHANGED | MONEY_BACK | {"email.bank_details_changed", "email.payout_told"}),
        (as_owner(UPDATE, {"preferredPayoutMethod": "BANK_TRANSFER"}), CHANGED),
    ]
}
