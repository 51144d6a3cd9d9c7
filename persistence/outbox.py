"""Jobs that commit with their cause. A claim is a lease; whoever holds it may end the job, nobody else."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from sqlalchemy import (
    Integer,
    Interval,
    Subquery,
    bindparam,
    case,
    delete,
    func,
    literal,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.selectable import TypedReturnsRows

from domain.jobs import Lane, lane_of
from domain.mails import Attempt
from domain.topics import Topic
from domain.users import Trace
from persistence.engine.connection import Connection
from persistence.engine.statements import insertion
from persistence.models import EmailDelivery, OutboxJob, SmsDelivery

Seal = Callable[[str], str]
DUE = (OutboxJob.done_at.is_(None), OutboxJob.dead_at.is_(None))
# Given up, and not discarded since.
DEAD = (OutboxJob.dead_at.is_not(None), OutboxJob.discarded_at.is_(None))
# A look at the outbox must cost little when it is fullest.
COUNTED_TO = 100_000
DELIVERIES = {"email": EmailDelivery, "sms": SmsDelivery}


class Claimed(NamedTuple):
    """``again``: its last worker did not end it, and let the lease run out."""

    job: OutboxJob
    again: bool


def _open(lane: Lane, again: bool, moment: InstrumentedAttribute[Any], most: Any) -> Subquery:
    """Jobs of the lane whose moment has come, without those that another worker takes right now."""
    state = OutboxJob.lease.is_not(None) if again else OutboxJob.lease.is_(None)
    found = select(OutboxJob.id, literal(again).label("again")).where(*DUE, OutboxJob.lane == lane, state)
    return found.where(moment <= func.now()).order_by(moment).limit(most).with_for_update(skip_locked=True).subquery()


def _most(lane: Lane) -> str:
    return f"most_{lane:d}"


@cache
def _claiming(fresh: tuple[Lane, ...], again: tuple[Lane, ...]) -> TypedReturnsRows[OutboxJob, bool]:
    """The statement that takes jobs of these lanes; how many new ones of each comes by the name of `_most`."""
    new = [_open(lane, False, OutboxJob.available_at, bindparam(_most(lane), type_=Integer)) for lane in fresh]
    left = [_open(lane, True, OutboxJob.leased_until, 1) for lane in again]
    due = union_all(*map(select, (*new, *left))).cte("due")
    return (
        update(OutboxJob)
        .where(OutboxJob.id == due.c.id)
        .values(
            lease=bindparam("holder"),
            leased_until=func.now() + bindparam("life", type_=Interval),
            attempts=OutboxJob.attempts + 1,
        )
        .returning(OutboxJob, due.c.again)
    )


_HELD = update(OutboxJob).where(OutboxJob.id == bindparam("job"), OutboxJob.lease == bindparam("holder"), *DUE)
_LEFT: Mapping[str, Any] = {"lease": None, "leased_until": None}
RENEW = _HELD.values(leased_until=func.now() + bindparam("life", type_=Interval)).returning(OutboxJob.id)
FINISH = _HELD.values(**_LEFT, done_at=func.now(), payload={}, last_error=None).returning(OutboxJob.id)
BURY = _HELD.values(**_LEFT, dead_at=func.now(), last_error=bindparam("error")).returning(OutboxJob.id)
POSTPONE = _HELD.values(
    **_LEFT, available_at=func.now() + bindparam("delay", type_=Interval), last_error=bindparam("error")
).returning(OutboxJob.id)


NO_TIME = timedelta(0)
# Of the ids of jobs that are left once (`add_once`).
ONCE = UUID("5f6dbb1c-8b0e-4d0e-9d5b-3a8f6c1e7a42")
ADD = insert(OutboxJob).values(
    topic=bindparam("topic"),
    lane=bindparam("lane"),
    payload=bindparam("payload"),
    correlation_id=bindparam("correlation"),
    traceparent=bindparam("trace"),
    available_at=func.now() + bindparam("after", type_=Interval),
)
ADD_ONCE = ADD.values(id=bindparam("job")).on_conflict_do_nothing(index_elements=[OutboxJob.id])


class Outbox:
    def __init__(self, connection: Connection, trace: Trace, seal: Seal) -> None:
        self._connection = connection
        self._trace = trace
        self._seal = seal

    async def add(self, job: Topic, secret: str | None = None) -> None:
        """A job for the worker, in the transaction of its cause. ``secret`` is stored sealed and wiped at the end."""
        await self.add_later(job, NO_TIME, secret)

    async def add_later(self, job: Topic, after: timedelta, secret: str | None = None) -> None:
        """As ``add``, due ``after`` a while."""
        payload = job.written() | ({} if secret is None else {"sealed": self._seal(secret)})
        await self._connection.execute(ADD, **self._columns(job), payload=payload, after=after)

    async def add_once(self, job: Topic, dedup: str) -> None:
        """As ``add``, unless a job of the same topic was left under the same words and is not forgotten yet."""
        job_id = uuid5(ONCE, f"{job.topic}:{dedup}")
        await self._connection.execute(ADD_ONCE, job=job_id, **self._columns(job), payload=job.written(), after=NO_TIME)

    def _columns(self, job: Topic) -> dict[str, Any]:
        trace = self._trace
        told = {"correlation": trace.correlation_id, "trace": trace.traceparent}
        return {"topic": job.topic, "lane": lane_of(job.topic), **told}

    async def claim(
        self, lease: UUID, life: timedelta, places: Mapping[Lane, int], again: Collection[Lane]
    ) -> Sequence[Claimed]:
        """Take due jobs, as many of each lane as there are places, the longest due first.

        A job whose lease ran out may be what its worker died of: one such job of each lane of ``again`` is taken.
        """
        fresh = {lane: most for lane, most in places.items() if most}
        if not fresh and not again:
            return []
        claiming = _claiming(tuple(fresh), tuple(again))
        most = {_most(lane): places for lane, places in fresh.items()}
        claimed = await self._connection.rows(claiming, holder=lease, life=life, **most)
        return [Claimed(*row) for row in claimed]

    async def renew(self, job_id: UUID, lease: UUID, life: timedelta) -> bool:
        return await self._connection.scalar(RENEW, job=job_id, holder=lease, life=life) is not None

    async def finish(self, job_id: UUID, lease: UUID) -> bool:
        """End the job and wipe its payload; False when the lease was lost, so that the caller must roll back."""
        return await self._connection.scalar(FINISH, job=job_id, holder=lease) is not None

    async def bury(self, job_id: UUID, lease: UUID, error: str) -> bool:
        """Keep the job as a dead letter, payload and all."""
        return await self._connection.scalar(BURY, job=job_id, holder=lease, error=error) is not None

    async def postpone(self, job_id: UUID, lease: UUID, delay: timedelta, error: str) -> bool:
        return await self._connection.scalar(POSTPONE, job=job_id, holder=lease, delay=delay, error=error) is not None

    async def depths(self) -> dict[str, int]:
        """How many jobs are ``due``, ``running``, ``scheduled`` for later, and ``dead``, as far as they are counted."""
        open_ones = select(OutboxJob.available_at, OutboxJob.leased_until).where(*DUE)
        jobs = open_ones.order_by(OutboxJob.available_at).limit(COUNTED_TO).subquery()
        running, later = jobs.c.leased_until >= func.now(), jobs.c.available_at > func.now()
        state = case((running, "running"), (later, "scheduled"), else_="due")
        found = await self._connection.rows(select(state.label("state"), func.count()).group_by("state"))
        dead = select(OutboxJob.id).where(*DEAD).limit(COUNTED_TO).subquery()
        depths = dict.fromkeys(("due", "running", "scheduled"), 0) | dict(found)
        return depths | {"dead": await self._connection.scalar(select(func.count()).select_from(dead)) or 0}

    async def oldest_due(self) -> timedelta:
        """For how long the job that waits longest has been due and did not end; nothing waits: zero."""
        first = select(func.min(OutboxJob.available_at)).where(*DUE).scalar_subquery()
        waited = select(func.greatest(func.now() - first, timedelta(0)))
        return await self._connection.scalar(waited) or timedelta(0)

    async def record_attempts(self, job_id: UUID, attempts: Sequence[Attempt]) -> None:
        for family, delivery in DELIVERIES.items():
            told = [asdict(attempt) for attempt in attempts if attempt.family == family]
            for row in ({"job_id": job_id} | {name: row[name] for name in row if name != "family"} for row in told):
                await self._connection.execute(insertion(delivery, *row), **row)

    async def purge(self, before: datetime, dead_before: datetime) -> None:
        """Forget ended jobs. Dead letters stay longer, not for ever: they may hold what is sealed of a person."""
        await self._connection.execute(delete(OutboxJob).where(OutboxJob.done_at < before))
        await self._connection.execute(delete(OutboxJob).where(OutboxJob.dead_at < dead_before))
