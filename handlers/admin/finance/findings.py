"""What is wrong with the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin import not_found
from domain.admin.money.books import finding_view
from domain.errors import transition_invalid

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Clock, Principal, Repositories, Walk


async def list(  # noqa: A001
    db: Repositories,
    walk: Walk,
    open: bool | None = None,  # noqa: A002
    check: str | None = None,
) -> wire.LedgerFindings:
    rows = await db.reconciliations.page(walk.after(datetime, UUID), walk.rows, is_open=open, check=check)
    shown, further = walk.page(rows, lambda row: (row.first_seen, row.id))
    return {"items": [finding_view(row) for row in shown], "nextCursor": further}


async def close(
    id: str,  # noqa: A002
    body: wire.CloseFindingRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.LedgerFinding:
    by, reason = principal.user_id, body["reason"]
    closed = await db.reconciliations.close(UUID(id), by, clock(), reason)
    if closed is None:
        if await db.reconciliations.find(UUID(id)) is None:
            raise not_found("finding")
        raise transition_invalid("CLOSED", "CLOSED")
    after = {"check": closed.check, "what": closed.what}
    await db.audit.record("admin.finance.findings.close", actor=by, target=closed.id, reason=reason, after=after)
    return finding_view(closed)
