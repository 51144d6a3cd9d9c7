"""The ledger's accounts, and what they have."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin import not_found
from domain.admin.money.books import account_view, balances_view
from domain.money.ledger import Account

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Repositories


async def find(id: str, db: Repositories) -> wire.LedgerAccount:  # noqa: A002
    account = await db.ledger_desk.account(UUID(id))
    if account is None:
        raise not_found("ledger account")
    ours = Account(account.code, currency=account.currency)
    has = (account.balance, account.entries) if account.wallet_id else await db.tallies.tally(ours)
    return account_view(account, *has)


async def balances(db: Repositories, at: str | None = None) -> wire.LedgerBalances:
    return balances_view(await db.tallies.kinds(None if at is None else datetime.fromisoformat(at)))
