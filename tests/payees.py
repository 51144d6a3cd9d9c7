"""Creators who may be paid out, for tests: verified, with a tax form, bank details and earnings."""

from typing import Any
from uuid import UUID, uuid4

import httpx

from tests.bank import with_details
from tests.creators import Creator, creator
from tests.handlers.support import insert
from tests.harness import Api, Tables
from tests.ledger import wallet_row
from tests.money import earn, earning
from tests.tax import submitted

EARNED = 50_000


def tax_form(tables: Tables, user_id: UUID, **columns: Any) -> UUID:
    """One that is approved, as a row."""
    row = {"type": "W9", "country": "US", "details": b"sealed", "signed_at": "2026-01-02", "state": "APPROVED"}
    decided = {"decided_at": "2026-01-03", "decided_by": user_id}
    return insert(tables, "tax_forms", user_id=user_id, **row | decided | columns)


def approve_all(tables: Tables) -> None:
    """What the staff has to look at: all bank details and tax forms, and no hold is left."""
    tables.run("UPDATE bank_details SET state = 'VERIFIED', decided_at = now(), held_until = now()")
    tables.run("UPDATE tax_forms SET state = 'APPROVED', decided_at = now() WHERE state = 'PENDING'")


def payee(
    api: Api, tables: Tables, email: str = "ada@example.com", username: str = "ada", amount: int = EARNED
) -> tuple[Creator, dict[str, str]]:
    """Paid by bank transfers; with the header of the creator's calls."""
    one = creator(api, tables, email, username, kyc_status="APPROVED")
    headers = with_details(api, one, preferredPayoutMethod="BANK_TRANSFER")
    submitted(api, one)
    approve_all(tables)
    earn(api.server, one.user_id, amount)
    return one, headers


def payout_account(tables: Tables, user_id: UUID, **columns: Any) -> UUID:
    """One at the sandbox that takes money."""
    row = {"provider": "sandbox", "ref": uuid4().hex, "status": "ACTIVE", "payouts_enabled": True} | columns
    return insert(tables, "payout_accounts", user_id=user_id, **row)


def ask(api: Api, headers: dict[str, str], amount: str = "120.00", **body: Any) -> httpx.Response:
    return api.call("payouts.request", {"amount": amount} | body, headers=headers)


def requested(api: Api, headers: dict[str, str], amount: str = "120.00", **body: Any) -> UUID:
    """The id of a payout that waits for the staff."""
    response = ask(api, headers, amount, **body)
    assert response.status_code == 201, response.text
    return UUID(response.json()["data"]["payoutId"])


def cancel(api: Api, headers: dict[str, str], payout_id: UUID) -> httpx.Response:
    return api.call("payouts.cancel", path=f"/payouts/{payout_id}/cancel", headers=headers)


def available(tables: Tables, user_id: UUID) -> int:
    """What the creator's wallet has left."""
    return int(wallet_row(tables, earning(user_id))["balance"])
