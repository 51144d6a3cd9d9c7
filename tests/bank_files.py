"""Payouts by file, for tests: rows as a request and its approval leave them, with the money that they reserve."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx

from domain.keys import Purpose
from domain.money import flows
from domain.money.bank_files import BANK_FILE
from services.money.vault import Vault
from tests.bank import BANK, BIC, HOLDER, IBAN
from tests.handlers.support import insert
from tests.harness import Api, Server, Tables
from tests.money import earning, earnings, post
from tests.payees import tax_form
from tests.staff import Hired

DEBTOR = {
    "payout.bank_name": "BIO.RE Ltd.",
    "payout.bank_iban": "GB29NWBK60161331926819",
    "payout.bank_bic": "NWBKGB2L",
    "payout.bank_town": "London",
    "payout.bank_country": "GB",
}
"""Config keys: our own account."""
ADDRESS = {"line": "12 St James Square", "city": "London", "region": None, "postalCode": "SW1Y 4JH", "country": "GB"}
DESTINATION: dict[str, Any] = {
    "iban": IBAN, "bankName": BANK, "accountHolderName": HOLDER, "swiftCode": BIC, "bankCountry": "DE",
    "address": ADDRESS,
}  # fmt: skip
REASON = "Payouts of the first week."


def approved(server: Server, user_id: UUID, amount: int = 25000, **columns: Any) -> UUID:
    """A payout of who earned twice as much: its id. ``columns`` are those that are otherwise."""
    payout_id, wallet = uuid4(), earning(user_id)
    _ready(server.tables, user_id)
    post(server, earnings(user_id, 2 * amount), flows.payout_requested(wallet, payout_id, 1, amount))
    destination = Vault(server.app.parts.keyring).sealed(Purpose.BANK_DETAILS, DESTINATION)
    row: dict[str, Any] = {
        "id": payout_id, "user_id": user_id, "wallet_id": wallet.id, "amount": amount, "currency": "USD",
        "method": "BANK_TRANSFER", "provider": BANK_FILE, "status": "APPROVED", "approved_at": datetime.now(UTC),
        "destination": destination, "destination_last4": IBAN[-4:],
    }  # fmt: skip
    return insert(server.tables, "payouts", **(row | columns))


def _ready(tables: Tables, user_id: UUID) -> None:
    """Who may be paid by bank: identified, with a tax form and verified details."""
    insert(tables, "creator_profiles", user_id=user_id, kyc_status="APPROVED")
    tax_form(tables, user_id)
    tables.run(
        "INSERT INTO bank_details (user_id, details, last4, state, changed_at) VALUES (%s, 'x', %s, 'VERIFIED', now())",
        user_id, IBAN[-4:],
    )  # fmt: skip


def batched(api: Api, caller: Hired, *payouts: UUID) -> httpx.Response:
    """What ``caller`` gets for a batch of these."""
    body = {"payoutIds": [str(each) for each in payouts], "reason": REASON}
    return api.call("admin.payouts.batches.create", body, headers=caller.headers)
