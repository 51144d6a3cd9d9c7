"""Creators who may be paid out, for tests: verified, with a tax form, bank details and earnings."""

from typing import Any
from uuid import UUID, uuid4

import httpx

from domain.money import flows
from domain.money.ledger import Transfer, WalletName, platform
from tests.bank import with_details
from tests.creators import Creator, creator
from tests.handlers.support import insert
from tests.harness import Api, Server, Tables
from tests.money import post
from tests.tax import submitted

EARNED = 50_000


def earnings(user_id: UUID, amount: int = EARNED) -> Transfer:
    """In cents, as staff would give them."""
    return flows.adjusted(WalletName(user_id, "CREATOR"), uuid4(), "creator", amount, platform("goodwill"), user_id)


def earn(server: Server, user_id: UUID, amount: int = EARNED) -> None:
    post(server, earnings(user_id, amount))


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


def payout_account(tables: Tables, one: Creator, **columns: Any) -> UUID:
    """One at the sandbox that takes money."""
    row = {"provider": "sandbox", "ref": uuid4().hex, "status": "ACTIVE", "payouts_enabled": True} | columns
    return insert(tables, "payout_accounts", user_id=one.user_id, **row)


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
    wallet = WalletName(user_id, "CREATOR")
    return int(tables.one("SELECT balance FROM wallets WHERE id = %s", wallet.id)["balance"])
