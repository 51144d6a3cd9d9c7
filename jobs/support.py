"""Tickets that end by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from domain.support import AUTO_CLOSE_DAYS

if TYPE_CHECKING:
    from jobs.needs import Clock, Config, UnitOfWork

BATCH = 1000


async def sweep(uow: UnitOfWork, clock: Clock, config: Config) -> None:
    """Close what was resolved and got no answer since."""
    now = clock()
    before, closed = now - timedelta(days=config[AUTO_CLOSE_DAYS]), BATCH
    while closed == BATCH:
        async with uow() as db:
            closed = await db.tickets.close_resolved(before, now, BATCH)
