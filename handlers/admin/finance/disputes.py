"""Disputes of payments."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin import not_found
from domain.admin.money.evidence import evidence_view
from domain.admin.money.payments import dispute_view

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import DevicesOf, Principal, Repositories, UnitOfWork, Walk


async def list(db: Repositories, walk: Walk) -> wire.PaymentDisputes:  # noqa: A001
    rows = await db.disputes.page(walk.after(int, datetime, UUID), walk.rows)
    shown, further = walk.page(rows, lambda row: (row.decided, row.PaymentDispute.created_at, row.PaymentDispute.id))
    return {"items": [dispute_view(row.PaymentDispute) for row in shown], "nextCursor": further}


async def evidence(id: str, principal: Principal, uow: UnitOfWork, devices_of: DevicesOf) -> wire.DisputeEvidence:  # noqa: A002
    async with uow() as db:
        found = await db.evidence.find(UUID(id))
        if found is None:
            raise not_found("dispute")
        kept = await db.evidence.kept(found)
        dispute, owner = str(found.dispute.id), found.user.id
        await db.audit.record("admin.finance.disputes.evidence", actor=principal.user_id, target=owner, dispute=dispute)
    return evidence_view(found, kept, await devices_of(kept.user_agents), principal)
