"""What of money is kept sealed: where it goes, and to whom."""

import json
from collections.abc import Mapping
from typing import Any

from domain.creators.bank import BankAccount, BankDetails
from domain.keys import Purpose
from services.keyring import Keyring

Secret = Mapping[str, Any]


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
        """``row``: of the table, None where there is none."""
        if row is None or row.details is None:
            return BankAccount(BankDetails(), row)
        return BankAccount(BankDetails.opened(self.opened(Purpose.BANK_DETAILS, row.details), row.country), row)

    def bank_columns(self, details: BankDetails) -> dict[str, bytes | str | None]:
        """As the table keeps them."""
        sealed = self.sealed(Purpose.BANK_DETAILS, details.secret)
        return {"details": sealed, "last4": details.last4, "country": details.bank_country}

    def tax_details(self, row: Any) -> dict[str, Any]:
        """Of a form that is not erased."""
        return self.opened(Purpose.TAX_FORM, row.details)

    def sealed_tax_details(self, secret: Secret) -> bytes:
        return self.sealed(Purpose.TAX_FORM, secret)
