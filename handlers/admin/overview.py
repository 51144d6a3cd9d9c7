"""How the platform does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.admin.overview import overview_view, spans

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Clock, Repositories


async def get(db: Repositories, clock: Clock) -> wire.Overview:
    now = clock()
    return overview_view(await db.overview.figures(*spans(now)), now)
