"""When the ledger was added up."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin.money.books import reconciliation_view
from domain.admin.schedule import recurring, recurring_view
from domain.money.reconciliation import TOPIC

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Config, Principal, Repositories, Walk


async def list(db: Repositories, walk: Walk) -> wire.Reconciliations:  # noqa: A001
    rows = await db.reconciliations.runs(walk.after(datetime, UUID), walk.rows)
    shown, further = walk.page(rows, lambda row: (row.started_at, row.id))
    return {"items": [reconciliation_view(row) for row in shown], "nextCursor": further}


async def run(
    body: wire.RunReconciliationRequest, principal: Principal, db: Repositories, config: Config
) -> wire.RecurringJob:
    row = await db.schedule.make_due(TOPIC)
    actor, reason = principal.user_id, body["reason"]
    await db.audit.record("admin.finance.reconciliations.run", actor=actor, target=TOPIC, reason=reason)
    return recurring_view(recurring(TOPIC), row, config)
