"""Bank details of creators, for tests: entered as their owners enter them."""

from typing import Any

import httpx

from tests.creators import Creator, signed_in
from tests.harness import Api

IBAN, OTHER_IBAN, BIC = "DE89370400440532013000", "GB29NWBK60161331926819", "COBADEFFXXX"
HOLDER, BANK = "Ada Lovelace", "Commerzbank"
DETAILS: dict[str, Any] = {"iban": IBAN, "accountHolderName": HOLDER, "bankName": BANK, "swiftCode": BIC}


def enter(api: Api, headers: dict[str, str], **body: Any) -> httpx.Response:
    return api.call("creators.bank.update", body, headers=headers)


def with_details(api: Api, one: Creator, **body: Any) -> dict[str, str]:
    """The header of the creator's calls, who has entered them."""
    headers = signed_in(api, one)
    response = enter(api, headers, **(DETAILS | body))
    assert response.status_code == 200, response.text
    return headers
