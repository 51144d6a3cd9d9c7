"""Jobs that wait, run, or were given up."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin import not_found
from domain.admin.jobs import DISCARD, MOST_AT_ONCE, job_view, outcomes, require_discardable, selection_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.admin.jobs import Selection
    from domain.wire import admin as wire
    from handlers.needs import Clock, Principal, Repositories, Walk


async def list(  # noqa: A001
    state: str, db: Repositories, walk: Walk, clock: Clock, topic: str | None = None
) -> wire.Jobs:
    rows, now = await db.jobs.page(state, topic, walk.after(datetime, UUID), walk.rows), clock()
    shown, further = walk.page(rows, lambda job: (job.done_at or job.dead_at or job.available_at, job.id))
    return {"items": [job_view(job, now) for job in shown], "nextCursor": further}


async def get(id: str, db: Repositories, clock: Clock) -> wire.Job:  # noqa: A002
    job = await db.jobs.find(UUID(id))
    if job is None:
        raise not_found("job")
    return job_view(job, clock())


async def act(body: wire.JobsActRequest, principal: Principal, db: Repositories) -> wire.JobsActResult:
    selection, discards, reason = selection_of(body), body["act"] == DISCARD, body["reason"]
    ids, more = await _selected(selection, db)
    known = await db.jobs.topics_of(ids)
    if discards:
        require_discardable(known.values())
        done = await db.jobs.discard(ids, principal.user_id, reason)
    else:
        done = await db.jobs.retry(ids)
    told = {"act": body["act"], "jobs": len(done), **selection.written()}
    await db.audit.record("admin.jobs.act", actor=principal.user_id, target=selection.topic, reason=reason, **told)
    return {"results": outcomes(ids, known.keys(), done), "more": more}


async def _selected(selection: Selection, db: Repositories) -> tuple[Sequence[UUID], bool]:
    """The ids, and whether there are further ones."""
    if selection.topic is None:
        return selection.ids, False
    span = selection.dead_from, selection.dead_to
    ids = await db.jobs.dead_of(selection.topic, *span, MOST_AT_ONCE + 1)
    return ids[:MOST_AT_ONCE], len(ids) > MOST_AT_ONCE
