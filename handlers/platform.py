"""What everybody may know of the platform as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.answers.prepared import Made
from domain.platform import EDITION, stats_view

if TYPE_CHECKING:
    from datetime import datetime

    from domain.answers.prepared import Prepared
    from domain.wire import platform as wire
    from handlers.needs import Editions, Prepare, Repositories, UnitOfWork


async def stats(editions: Editions, prepare: Prepare, uow: UnitOfWork) -> Prepared[wire.PlatformStats]:
    async def counted(db: Repositories, now: datetime) -> Made[wire.PlatformStats]:
        figures = await db.figures.find()
        if figures is None:
            async with uow() as writing:
                figures = await writing.figures.count_first(now)
        return Made(stats_view(figures))

    return await editions.get(EDITION, "stats", prepare, counted)
