"""What was posted to the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin.money.books import transfer_view
from domain.money.books import Sought

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Repositories, Walk


async def list(  # noqa: A001
    db: Repositories,
    walk: Walk,
    reference: str | None = None,
    account: str | None = None,
    key: str | None = None,
) -> wire.LedgerTransfers:
    sought = Sought(reference, None if account is None else UUID(account), key)
    rows = await db.ledger_desk.transfers(sought, walk.after(UUID), walk.rows)
    shown, further = walk.page(rows, lambda row: (row.id,))
    entries = await db.ledger_desk.entries([row.id for row in shown])
    return {"items": [transfer_view(row, entries[row.id]) for row in shown], "nextCursor": further}
