"""Corrections of balances, which wait for another member of the staff."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.admin import not_found
from domain.admin.money.books import adjustment_view
from domain.errors import ApiError, transition_invalid
from domain.money.adjustments import require_other
from domain.money.ledger import InsufficientBalance

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Adjustments, Clock, Principal, Repositories, Walk


async def list(  # noqa: A001
    db: Repositories,
    walk: Walk,
    status: wire.AdjustmentStatus | None = None,
    wallet_id: str | None = None,
) -> wire.Adjustments:
    wallet = None if wallet_id is None else UUID(wallet_id)
    rows = await db.adjustments.page(walk.after(datetime, UUID), walk.rows, status=status, wallet_id=wallet)
    shown, further = walk.page(rows, lambda row: (row.created_at, row.id))
    return {"items": [adjustment_view(row) for row in shown], "nextCursor": further}


async def approve(
    id: str,  # noqa: A002
    body: wire.DecideAdjustmentRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
    adjustments: Adjustments,
) -> wire.Adjustment:
    request = await _found(db, id)
    wallet: Any = await db.ledger_desk.wallet(request.wallet_id)
    require_other(principal.user_id, request.requested_by, wallet.user_id)
    now = clock()
    decided = await _decide(db, request.id, "APPROVED", principal.user_id, now, body["reason"])
    try:
        await adjustments.post(db, decided, wallet, now)
    except InsufficientBalance as refused:
        raise ApiError("admin.wallet.insufficient") from refused
    await _record(db, "admin.finance.adjustments.approve", decided, wallet, body["reason"])
    return adjustment_view(decided)


async def reject(
    id: str,  # noqa: A002
    body: wire.DecideAdjustmentRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.Adjustment:
    request = await _found(db, id)
    decided = await _decide(db, request.id, "REJECTED", principal.user_id, clock(), body["reason"])
    wallet = await db.ledger_desk.wallet(request.wallet_id)
    await _record(db, "admin.finance.adjustments.reject", decided, wallet, body["reason"])
    return adjustment_view(decided)


async def _found(db: Repositories, given: str) -> Any:
    request = await db.adjustments.find(UUID(given))
    if request is None:
        raise not_found("adjustment")
    return request


async def _decide(
    db: Repositories, request_id: UUID, status: wire.AdjustmentStatus, by: UUID, now: datetime, why: str
) -> Any:
    """Once, by whoever comes first."""
    decided = await db.adjustments.decide(request_id, status, by, now, why)
    if decided is None:
        raise transition_invalid((await _found(db, str(request_id))).status, status)
    return decided


async def _record(db: Repositories, action: str, request: Any, wallet: Any, reason: str) -> None:
    after = {"request": str(request.id), "wallet": str(wallet.id), "amount": request.amount, "status": request.status}
    await db.audit.record(action, actor=request.decided_by, target=wallet.user_id, reason=reason, after=after)
