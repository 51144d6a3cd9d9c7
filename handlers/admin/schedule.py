"""Jobs that recur."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.admin.schedule import recurring, recurring_view
from domain.schedule import RECURRING

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Config, Principal, Repositories


async def list(db: Repositories, config: Config) -> wire.Schedule:  # noqa: A001
    rows = {row.topic: row for row in await db.schedule.all()}
    jobs = sorted(RECURRING, key=lambda job: job.topic)
    return {"items": [recurring_view(job, rows.get(job.topic), config) for job in jobs]}


async def run(
    topic: str, body: wire.RunRecurringJobRequest, principal: Principal, db: Repositories, config: Config
) -> wire.RecurringJob:
    job = recurring(topic)
    row = await db.schedule.make_due(topic)
    await db.audit.record("admin.schedule.run", actor=principal.user_id, target=topic, reason=body["reason"])
    return recurring_view(job, row, config)
