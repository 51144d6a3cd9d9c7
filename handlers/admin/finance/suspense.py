"""Money that fits nothing: it is given to whose it is, or back to who paid."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from domain import topics
from domain.admin import not_found
from domain.admin.money.payments import stray_view
from domain.errors import ApiError, transition_invalid
from domain.money.adjustments import require_other
from domain.money.ledger import InsufficientBalance, WalletName
from domain.money.payments import UNBOUND_AGAIN

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Adjustments, Clock, Principal, Repositories, Walk


async def list(  # noqa: A001
    db: Repositories,
    walk: Walk,
    clock: Clock,
    state: wire.StrayState | None = None,
) -> wire.Strays:
    rows = await db.strays.page(walk.after(datetime, UUID), walk.rows, state=state)
    shown, further = walk.page(rows, lambda row: (row.created_at, row.id))
    now = clock()
    return {"items": [stray_view(row, now) for row in shown], "nextCursor": further}


async def credit(
    id: str,  # noqa: A002
    body: wire.CreditStrayRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
    adjustments: Adjustments,
) -> wire.Stray:
    by, reason, now = principal.user_id, body["reason"], clock()
    stray = await _found(db, id)
    wallet = await db.ledger_desk.wallet(UUID(body["walletId"]))
    if wallet is None or wallet.type != "FAN":
        raise not_found("wallet")
    require_other(by, wallet.user_id)
    await _require_there(db, adjustments, stray, "CREDITED")
    credited = await db.strays.credit(stray.id, wallet.id, now)
    if credited is None:
        state = (await _found(db, id)).state
        if state == "HELD":  # a part of it went back, or is disputed
            raise ApiError("admin.wallet.insufficient")
        raise transition_invalid(state, "CREDITED")
    name = WalletName(wallet.user_id, "FAN")
    if (await db.ledger.hold(name))[name.id].closed_at is not None:
        raise transition_invalid("CLOSED", "CREDITED")
    await adjustments.credit_stray(db, credited, name, by)
    after = {"stray": str(stray.id), "wallet": str(wallet.id), "amount": stray.amount}
    await db.audit.record("admin.finance.suspense.credit", actor=by, target=wallet.user_id, reason=reason, after=after)
    return stray_view(credited, now)


async def refund(
    id: str,  # noqa: A002
    body: wire.ReturnStrayRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
    adjustments: Adjustments,
) -> wire.Stray:
    """Its row says so before the provider is asked. Each try has an id of its own: one that failed is over."""
    by, reason, now = principal.user_id, body["reason"], clock()
    stray = await _found(db, id)
    await _require_there(db, adjustments, stray, "RETURNING")
    asked = await db.strays.ask_back(stray.id, uuid4(), now, now + UNBOUND_AGAIN)
    if asked is None:
        raise transition_invalid((await _found(db, id)).state, "RETURNING")
    await db.outbox.add(topics.ReturnStray(asked.id))
    after = {"stray": str(asked.id), "refund": str(asked.refund_id), "amount": asked.amount}
    await db.audit.record("admin.finance.suspense.refund", actor=by, target=asked.id, reason=reason, after=after)
    return stray_view(asked, now)


async def _require_there(db: Repositories, adjustments: Adjustments, stray: Any, wanted: str) -> None:
    try:
        await adjustments.require_there(db, stray)
    except InsufficientBalance as refused:
        state = (await _found(db, str(stray.id))).state
        if state != "HELD":
            raise transition_invalid(state, wanted) from refused
        raise ApiError("admin.wallet.insufficient") from refused


async def _found(db: Repositories, given: str) -> Any:
    stray = await db.strays.find(UUID(given))
    if stray is None:
        raise not_found("item in suspense")
    return stray
