"""What befalls creators by the clock."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from domain.creators.vacation import settled

if TYPE_CHECKING:
    from jobs.needs import Clock, UnitOfWork, VisitReport

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


async def recount_visits(uow: UnitOfWork, clock: Clock, visit_report: VisitReport) -> None:
    """Compare the sums of yesterday with its visits, and make anew what is wrong, each page in its own transaction."""
    day, after, wrong = clock().date() - timedelta(days=1), UUID(int=0), 0
    while True:
        async with uow.reading() as db:
            found = await db.visits.miscounted(day, after, BATCH)
        for page_id in found:
            async with uow() as db:
                await db.visits.recount(page_id, day)
        wrong += len(found)
        if len(found) < BATCH:
            break
        after = found[-1]
    visit_report.tell(day, wrong)
