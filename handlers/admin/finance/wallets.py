"""Wallets, as staff sees them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin import not_found
from domain.admin.finance import wallet_in_full, wallet_view

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Repositories, Walk


async def list(  # noqa: A001
    db: Repositories,
    walk: Walk,
    user_id: str | None = None,
    frozen: bool | None = None,
) -> wire.Wallets:
    owner = None if user_id is None else UUID(user_id)
    rows = await db.ledger_desk.wallets(walk.after(datetime, UUID), walk.rows, user_id=owner, frozen=frozen)
    shown, further = walk.page(rows, lambda row: (row.created_at, row.id))
    return {"items": [wallet_view(row) for row in shown], "nextCursor": further}


async def find(id: str, db: Repositories) -> wire.WalletInFull:  # noqa: A002
    wallet = await db.ledger_desk.wallet(UUID(id))
    if wallet is None:
        raise not_found("wallet")
    return wallet_in_full(wallet, await db.ledger_desk.accounts(wallet.id))
