"""Recurring jobs: each due time becomes one job of the outbox, however many workers there are."""

import structlog

from domain.clock import utc_now
from domain.config_keys import Config
from domain.schedule import RECURRING, due_after
from persistence.engine.database import Database

log = structlog.get_logger(__name__)


class Scheduler:
    """What was missed while nobody worked is due once. Leases, retries and dead letters are the outbox's."""

    def __init__(self, database: Database, config: Config) -> None:
        self._database = database
        self._config = config

    async def tick(self) -> list[str]:
        """Queue what is due; the topics that fell to us."""
        now, ours = utc_now(), []
        async with self._database.unit() as db:
            known = await db.schedule.due_times()
            for job in RECURRING:
                due, next_due = known.get(job.topic), due_after(now, self._config[job.pace])
                if due is None:
                    await db.schedule.introduce(job.topic, now)
                elif due <= now:
                    if await db.schedule.take(job.topic, due, next_due):
                        ours.append(job.topic)
                elif due > next_due:
                    await db.schedule.move(job.topic, due, next_due)
        for topic in ours:
            log.debug("schedule.due", topic=topic)
        return ours
