"""Background jobs, as staff sees them and what it may do with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from domain.answers.hiding import cleaned, hide
from domain.clock import timestamp
from domain.errors import ApiError
from domain.jobs import Lane
from domain.presenting import presented
from domain.wire import admin as wire

MOST_AT_ONCE = 1000
DISCARD = "DISCARD"
SEALED = "sealed"
# What people are owed by law, or have asked for: it may be late, never left out.
REQUIRED = ("gdpr.", "storage.delete_")

State = Literal["DUE", "RUNNING", "SCHEDULED", "DEAD", "DONE", "DISCARDED"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Jobs by their ids, or the dead ones of a topic that died in a time."""

    ids: tuple[UUID, ...] = ()
    topic: str | None = None
    dead_from: datetime | None = None
    dead_to: datetime | None = None

    def written(self) -> dict[str, Any]:
        if self.topic is None:
            return {"ids": [str(job_id) for job_id in self.ids]}
        return {"topic": self.topic, "deadFrom": timestamp(self.dead_from), "deadTo": timestamp(self.dead_to)}


def selection_of(body: Mapping[str, Any]) -> Selection:
    """Raises ApiError admin.jobs.selection_invalid."""
    ids, dead = body.get("ids"), body.get("dead")
    if (ids is None) is (dead is None):
        raise ApiError("admin.jobs.selection_invalid")
    if ids is not None:
        return Selection(tuple(dict.fromkeys(map(UUID, ids))))
    since, until = (datetime.fromisoformat(body["dead"][name]) for name in ("from", "to"))
    if until <= since:
        raise ApiError("admin.jobs.selection_invalid")
    return Selection(topic=body["dead"]["topic"], dead_from=since, dead_to=until)


def require_discardable(topics: Iterable[str]) -> None:
    """Raises ApiError admin.jobs.required."""
    for topic in topics:
        if topic.startswith(REQUIRED):
            raise ApiError("admin.jobs.required", topic=topic)


def outcomes(ids: Iterable[UUID], known: Collection[UUID], done: Collection[UUID]) -> list[wire.JobOutcome]:
    """What became of each: nothing, where it was not dead any more."""
    told: list[wire.JobOutcome] = []
    for job_id in ids:
        if job_id not in known:
            told.append({"id": str(job_id), "outcome": "FAILED", "code": "admin.not_found"})
        else:
            outcome: Literal["DONE", "UNCHANGED"] = "DONE" if job_id in done else "UNCHANGED"
            told.append({"id": str(job_id), "outcome": outcome, "code": None})
    return told


def job_view(job: Any, now: datetime) -> wire.Job:
    payload = {name: value for name, value in job.payload.items() if name != SEALED}
    by = None if job.discarded_by is None else str(job.discarded_by)
    given = {"at": timestamp(job.discarded_at), "by": by, "reason": _hidden(job.discard_reason)}
    return presented(
        wire.Job,
        job,
        lane=Lane(job.lane).name,
        state=state_of(job, now),
        dueAt=timestamp(job.available_at),
        endedAt=timestamp(job.done_at or job.dead_at),
        lastError=_hidden(job.last_error),
        payload=cleaned("", payload),
        discarded=None if job.discarded_at is None else given,
    )


def state_of(job: Any, now: datetime) -> State:
    if job.discarded_at is not None:
        return "DISCARDED"
    if job.dead_at is not None:
        return "DEAD"
    if job.done_at is not None:
        return "DONE"
    if job.leased_until is not None and job.leased_until >= now:
        return "RUNNING"
    return "SCHEDULED" if job.available_at > now else "DUE"


def _hidden(text: str | None) -> str | None:
    return None if text is None else hide(text)
