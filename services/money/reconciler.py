"""Whether the books are right, every hour: what is wrong is kept and told, and payouts stop. Nothing is repaired."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from domain.config.changes import Author, Wish
from domain.money.reconciliation import Seen
from domain.switches import PAYOUT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from domain.money.books import Finding
    from persistence.engine.uow import UnitOfWork
    from persistence.repositories import Repositories
    from services.config.writing import Writer

log = structlog.get_logger(__name__)
REASON = "The ledger has findings."


class Reconciler:
    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    @staticmethod
    async def look(uow: UnitOfWork) -> tuple[Seen, dict[str, int]]:
        """All of it is of one moment. The whole ledger is read, by two connections at once, but the database adds it
        up: what comes here is what is wrong, in batches, of which the first findings are kept."""
        seen = Seen()
        async with uow() as db, uow() as other:
            await db.books.open()
            await other.books.open(await db.books.moment())
            async with asyncio.TaskGroup() as both:
                both.create_task(_add(seen, other.books.wrong_names()))
                both.create_task(_add(seen, db.books.wrong_sums(), db.reconciliations.findings()))
            return seen, (await db.books.size())._asdict()

    async def tell(
        self, db: Repositories, seen: Seen, size: dict[str, int], started_at: datetime, now: datetime
    ) -> None:
        """In one transaction: findings, and the switch. As long as one is open that says that money is wrong, each run
        throws the switch again."""
        if seen.kept:
            await db.reconciliations.note(seen.kept.values(), now)
        counted = {"findings": seen.count, "severe": seen.severe}
        await db.reconciliations.add(started_at=started_at, ended_at=now, **size, **counted)
        await self.stop_payouts(db, now)
        (log.error if seen.severe else log.info)("ledger.reconciled", **size, **counted)

    async def stop_payouts(self, db: Repositories, now: datetime) -> None:
        """As long as a finding is open that says that money is wrong."""
        # As it is stored: what this process knows of config may be seconds old.
        if await db.reconciliations.is_severe() and not (await db.config.all()).get(PAYOUT.name):
            await self._writer.write(db, [Wish(PAYOUT.name, True)], Author(reason=REASON), now)
            await db.audit.record("config.set", target=PAYOUT.name, value=True, reason=REASON)


async def _add(seen: Seen, *sources: AsyncIterator[Finding]) -> None:
    for source in sources:
        async for finding in source:
            seen.add(finding)
