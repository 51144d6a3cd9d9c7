"""Restrictions that end by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.admin.statements import EXPIRED

if TYPE_CHECKING:
    from jobs.needs import Clock, UnitOfWork

BATCH = 1000


async def lift_due(uow: UnitOfWork, clock: Clock) -> None:
    """Each in a transaction of its own: an account that somebody else holds keeps none of the others waiting."""
    now = clock()
    async with uow() as db:
        due = await db.statements.due(now, BATCH)
    for statement_id in due:
        async with uow() as db:
            await db.statements.lift(statement_id, None, now, EXPIRED)
