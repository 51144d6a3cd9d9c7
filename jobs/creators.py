"""What befalls creators by the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.creators.vacation import settled

if TYPE_CHECKING:
    from jobs.needs import Clock, UnitOfWork

BATCH = 1000


async def sweep_vacations(uow: UnitOfWork, clock: Clock) -> None:
    """Each in a transaction of its own: a creator whom somebody else holds keeps none of the others waiting."""
    now = clock()
    async with uow() as db:
        overdue = await db.creator_modes.overdue(now, BATCH)
    for creator_id in overdue:
        async with uow() as db:
            profile = await db.creator_modes.hold(creator_id)
            moved = settled(profile, now) if profile is not None else {}
            if moved:
                await db.creator_modes.change(creator_id, moved)
                await db.bio_pages.changed(creator_id, by_owner=False)
