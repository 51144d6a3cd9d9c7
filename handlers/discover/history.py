"""Whom the caller looked at last."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.discover.cards import card_view
from domain.errors import ApiError

if TYPE_CHECKING:
    from domain.wire import discover as wire
    from handlers.needs import Clock, Principal, Repositories


async def list(limit: int, principal: Principal, db: Repositories) -> wire.Creators:  # noqa: A001
    return {"creators": [card_view(row) for row in await db.history.newest(principal.user_id, limit)]}


async def clear(principal: Principal, db: Repositories) -> wire.HistoryCleared:
    return {"deleted": await db.history.clear(principal.user_id)}


async def record(creator_id: str, principal: Principal, db: Repositories, clock: Clock) -> wire.ViewRecorded:
    await db.users.require_present(principal.user_id)
    if not await db.history.record(principal.user_id, UUID(creator_id), clock()):
        raise ApiError("discover.creator_not_found")
    return {"recorded": True}
