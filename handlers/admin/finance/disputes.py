"""Disputes of payments."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin.money.payments import dispute_view

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Repositories, Walk


async def list(db: Repositories, walk: Walk) -> wire.PaymentDisputes:  # noqa: A001
    rows = await db.disputes.page(walk.after(int, datetime, UUID), walk.rows)
    shown, further = walk.page(rows, lambda row: (row.decided, row.PaymentDispute.created_at, row.PaymentDispute.id))
    return {"items": [dispute_view(row.PaymentDispute) for row in shown], "nextCursor": further}
