"""Tax forms of creators, for tests: submitted as their owners submit them."""

from typing import Any
from uuid import UUID

import httpx

from tests.creators import Creator, signed_in
from tests.harness import Api

NAME, TIN, SIGNED = "Ada Lovelace", "12345676789", "2026-01-02T10:00:00.000Z"
ADDRESS: dict[str, Any] = {"line": "Hauptstraße 1", "city": "Berlin", "postalCode": "10115", "country": "DE"}
FORM: dict[str, Any] = {"type": "W8BEN", "country": "DE", "legalName": NAME, "address": ADDRESS, "tin": TIN} | {
    "signature": NAME, "signedAt": SIGNED,
}  # fmt: skip
OF_THE_USA: dict[str, Any] = {"type": "W9", "country": "US", "tin": "123-45-6789"}


def submit(api: Api, headers: dict[str, str], **body: Any) -> httpx.Response:
    return api.call("creators.tax.submit", FORM | body, headers=headers)


def submitted(api: Api, one: Creator, **body: Any) -> UUID:
    """The id of a form that waits."""
    response = submit(api, signed_in(api, one), **body)
    assert response.status_code == 201, response.text
    return UUID(response.json()["data"]["id"])
