"""When recurring jobs are due. Moving a due time on and queueing its job is one transaction, so each happens once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from domain.jobs import lane_of
from persistence.engine.connection import Connection
from persistence.models import OutboxJob, ScheduledJob
from persistence.outbox import DUE


class Schedule:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def due_times(self) -> dict[str, datetime]:
        rows = await self._connection.rows(select(ScheduledJob.topic, ScheduledJob.next_due))
        return {row.topic: row.next_due for row in rows}

    async def all(self) -> Sequence[ScheduledJob]:
        return await self._connection.scalars(select(ScheduledJob))

    async def make_due(self, topic: str) -> ScheduledJob:
        """As if its time had come. Where its last job waits for another attempt, that one stands for it, and is due."""
        row = pg_insert(ScheduledJob).values(topic=topic, next_due=func.now())
        due = row.on_conflict_do_update(index_elements=[ScheduledJob.topic], set_={"next_due": func.now()})
        found: ScheduledJob = await self._connection.scalar_one(due.returning(ScheduledJob))
        waiting = update(OutboxJob).where(*DUE, OutboxJob.topic == topic, OutboxJob.available_at > func.now())
        await self._connection.execute(waiting.values(available_at=func.now()))
        return found

    async def introduce(self, topic: str, due: datetime) -> None:
        """Harmless when another worker did so first."""
        row = pg_insert(ScheduledJob).values(topic=topic, next_due=due)
        await self._connection.execute(row.on_conflict_do_nothing())

    async def move(self, topic: str, due: datetime, next_due: datetime) -> None:
        """Another pace was chosen before the time came. Harmless when another worker did so first."""
        row = ScheduledJob
        await self._connection.execute(
            update(row).where(row.topic == topic, row.next_due == due).values(next_due=next_due)
        )

    async def take(self, topic: str, due: datetime, next_due: datetime) -> bool:
        """Queue the job of a due time; False when another worker did so first.

        While the job of an earlier due time has not ended, that one stands for both.
        """
        row = ScheduledJob
        ours = update(row).where(row.topic == topic, row.next_due == due).values(next_due=next_due, last_due=due)
        if await self._connection.scalar(ours.returning(row.topic)) is None:
            return False
        unfinished = select(OutboxJob.id).where(*DUE, OutboxJob.topic == topic).limit(1)
        if await self._connection.scalar(unfinished) is None:
            job = {
                "topic": topic,
                "lane": lane_of(topic),
                "payload": {},
                "correlation_id": f"{topic}@{due:%Y-%m-%dT%H:%M:%SZ}",
            }
            await self._connection.execute(insert(OutboxJob).values(**job))
        return True
