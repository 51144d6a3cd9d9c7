"""What of money is kept sealed: where it goes, and to whom."""

import json
from collections.abc import Mapping
from typing import Any

import structlog

from domain.creators.bank import BankAccount, BankDetails
from domain.creators.tax import unreadable
from domain.keys import Purpose
from domain.money.bank_files import Batch, written
from services.keyring import Keyring

Secret = Mapping[str, Any]

log = structlog.get_logger(__name__)


class Vault:
    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def sealed(self, purpose: Purpose, secret: Secret) -> bytes:
        return self._keyring.seal(purpose, json.dumps(secret)).encode()

    def opened(self, purpose: Purpose, sealed: bytes) -> dict[str, Any]:
        """Raises ValueError for what was sealed under a secret that is gone."""
        found: dict[str, Any] = json.loads(self._keyring.unseal(purpose, sealed.decode()))
        return found

    def bank_account(self, row: Any) -> BankAccount:
        """``row``: of the table, None where there is none. What was sealed under a secret that is gone is not there."""
        if row is None or row.details is None:
            return BankAccount(BankDetails(), row)
        try:
            secret = self.opened(Purpose.BANK_DETAILS, row.details)
        except ValueError:
            log.warning("vault.unreadable", what="bank details", user_id=str(row.user_id))
            return BankAccount(BankDetails(), row, readable=False)
        return BankAccount(BankDetails.opened(secret, row.country), row)

    def verified_name(self, sealed: bytes | None) -> str | None:
        """Of a document; None where none is known, or for what was sealed under a secret that is gone."""
        try:
            return None if sealed is None else self._keyring.unseal(Purpose.BANK_DETAILS, sealed.decode())
        except ValueError:
            log.warning("vault.unreadable", what="verified name")
            return None

    def bank_columns(self, details: BankDetails) -> dict[str, bytes | str | None]:
        """As the table keeps them."""
        sealed = self.sealed(Purpose.BANK_DETAILS, details.secret)
        return {"details": sealed, "last4": details.last4, "country": details.bank_country}

    def destination(self, payout: Any) -> dict[str, Any]:
        """Where a payout goes; empty for one that was wiped, or sealed under a secret that is gone."""
        try:
            return {} if payout.destination is None else self.opened(Purpose.BANK_DETAILS, payout.destination)
        except ValueError:
            log.warning("vault.unreadable", what="destination", payout=str(payout.id))
            return {}

    def sealed_bank_file(self, batch: Batch) -> bytes:
        return self.sealed(Purpose.BANK_DETAILS, {"file": written(batch).decode()})

    def bank_file(self, sealed: bytes) -> bytes:
        """Raises ValueError for what was sealed under a secret that is gone."""
        text: str = self.opened(Purpose.BANK_DETAILS, sealed)["file"]
        return text.encode()

    def sealed_destination(self, destination: Secret) -> bytes:
        """Of a payout to a bank, which does not follow a later change of the details."""
        return self.sealed(Purpose.BANK_DETAILS, destination)

    def tax_details(self, row: Any) -> dict[str, Any]:
        """Of a form that is not erased; ``UNREADABLE`` for what was sealed under a secret that is gone."""
        try:
            return self.opened(Purpose.TAX_FORM, row.details)
        except ValueError:
            log.warning("vault.unreadable", what="tax form", form=str(row.id))
            return unreadable(row.country)

    def tax_name(self, sealed: bytes | None) -> str | None:
        """Of a tax form; None where there is none, or for what was sealed under a secret that is gone."""
        try:
            return None if sealed is None else str(self.opened(Purpose.TAX_FORM, sealed)["legalName"])
        except ValueError:
            log.warning("vault.unreadable", what="name of a tax form")
            return None

    def sealed_tax_details(self, secret: Secret) -> bytes:
        return self.sealed(Purpose.TAX_FORM, secret)
