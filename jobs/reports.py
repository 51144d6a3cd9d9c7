"""What becomes of reports once their case is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import topics

if TYPE_CHECKING:
    from jobs.needs import Clock, Job, UnitOfWork

BATCH = 50


async def notify(job: Job[topics.NotifyReporters], uow: UnitOfWork, clock: Clock) -> None:
    """One mail for each, however often the job begins anew: a report is marked in the commit of its mail."""
    told = True
    while told:
        async with uow() as db:
            told = bool(notices := await db.cases.take_untold(job.payload.case, clock(), BATCH))
            for notice in notices:
                if notice.user_id is not None or notice.email is not None:
                    await db.outbox.add(topics.ReportDecided(notice.id, notice.user_id))
