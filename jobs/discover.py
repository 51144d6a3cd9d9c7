"""What the search knows of creators is what is true of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from domain.discover.entries import NOBODY
from domain.discover.lists import TRENDING_DAYS

if TYPE_CHECKING:
    from jobs.needs import Clock, SearchReport, UnitOfWork

BATCH = 2000
COMPARED = 1000


async def count(uow: UnitOfWork) -> None:
    """Messages, followers, ratings and levels; then who is how popular. A batch is a transaction."""
    after = NOBODY
    while True:
        async with uow() as db:
            until = await db.search_entries.count(after, BATCH)
        if until is None:
            break
        after = until
    async with uow.reading() as db:
        bounds = await db.search_entries.bounds()
    after = NOBODY
    while True:
        async with uow() as db:
            until = await db.search_entries.sort(after, BATCH, bounds)
        if until is None:
            return
        after = until


async def repair(uow: UnitOfWork, search_report: SearchReport) -> None:
    """Compare every creator with what the search says, and write anew what is wrong."""
    after, found = NOBODY, {"compared": 0, "missing": 0, "wrong": 0, "left": 0}
    while True:
        async with uow.reading() as db:
            compared = await db.search_entries.compare(after, COMPARED)
        for creator_id, fault in compared.faults.items():
            found[fault] += 1
            async with uow() as db:
                await db.bio_pages.hold(creator_id)
                await db.search_entries.write(creator_id)
        found["compared"] += compared.count
        if compared.last is None:
            break
        after = compared.last
    search_report.tell(found)


async def rank(uow: UnitOfWork, clock: Clock) -> None:
    """Whoever trends, by the visits of the last days."""
    today = clock().date()
    async with uow() as db:
        await db.creator_lists.rank(today - timedelta(days=TRENDING_DAYS - 1), today)
