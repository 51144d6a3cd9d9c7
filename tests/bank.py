"""Bank details of creators, for tests: entered as their owners enter them."""

from typing import Any

import httpx

from domain.clock import utc_now
from domain.creators.kyc import KycLook, KycVerdict
from tests.creators import Creator, signed_in
from tests.handlers.support import insert
from tests.harness import Api, Tables
from tests.tax import submitted

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


def identified(api: Api, tables: Tables, one: Creator, name: str | None, state: str = "APPROVED") -> None:
    """A verification of the identity has ended so, and the document has that name."""
    parts = api.server.app.parts
    session_id = insert(tables, "kyc_sessions", user_id=one.user_id, provider="sandbox", state="OPEN")

    async def settle() -> None:
        async with parts.database.unit() as db:
            await parts.kyc.settle(db, one.user_id, session_id, KycLook(KycVerdict(state, name=name), utc_now()))

    api.server.on_loop(settle())


def known_by_name(api: Api, tables: Tables, one: Creator) -> None:
    """The names of the document and of the tax form are those of the bank account."""
    identified(api, tables, one, HOLDER)
    form_id = submitted(api, one)
    tables.run("UPDATE tax_forms SET state = 'APPROVED', decided_at = now() WHERE id = %s", form_id)
