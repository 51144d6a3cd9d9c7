"""Jobs of the outbox, for who looks after them. What is done to one asks for its state, so that it is done once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Text, and_, any_, func, literal, or_, select, type_coerce, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import OutboxJob
from persistence.outbox import DEAD, DUE

Keys = tuple[datetime, UUID]

_LEASED = OutboxJob.leased_until >= func.now()
_FREE = or_(OutboxJob.leased_until.is_(None), OutboxJob.leased_until < func.now())
STATES: Mapping[str, tuple[ColumnElement[bool], ...]] = {
    "DUE": (*DUE, _FREE, OutboxJob.available_at <= func.now()),
    "RUNNING": (*DUE, _LEASED),
    "SCHEDULED": (*DUE, _FREE, OutboxJob.available_at > func.now()),
    "DEAD": DEAD,
    "DONE": (OutboxJob.done_at.is_not(None),),
    "DISCARDED": (OutboxJob.dead_at.is_not(None), OutboxJob.discarded_at.is_not(None)),
}


def _ended(moment: Any) -> Keyset:
    """The latest first. Rows without the moment are in no list that has this order."""
    return Keyset(type_coerce(moment, DateTime(timezone=True)).desc(), OutboxJob.id.desc())


WAITING = Keyset(OutboxJob.available_at, OutboxJob.id)
ENDED = _ended(OutboxJob.dead_at)
ORDERS = {"DEAD": ENDED, "DISCARDED": ENDED, "DONE": _ended(OutboxJob.done_at)}


class Jobs:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(self, state: str, topic: str | None, keys: Keys | None, rows: int) -> Sequence[OutboxJob]:
        jobs = select(OutboxJob).where(*STATES[state])
        if topic is not None:
            jobs = jobs.where(OutboxJob.topic == topic)
        return await self._connection.scalars(ORDERS.get(state, WAITING).page(jobs, keys, rows))

    async def find(self, job_id: UUID) -> OutboxJob | None:
        return await self._connection.scalar(select(OutboxJob).where(OutboxJob.id == job_id))

    async def dead_of(self, topic: str, since: datetime | None, until: datetime | None, most: int) -> Sequence[UUID]:
        """Those that died in a time, the oldest first."""
        dead = select(OutboxJob.id).where(*DEAD, OutboxJob.topic == topic)
        if since is not None:
            dead = dead.where(OutboxJob.dead_at >= since)
        if until is not None:
            dead = dead.where(OutboxJob.dead_at < until)
        return await self._connection.scalars(dead.order_by(OutboxJob.dead_at, OutboxJob.id).limit(most))

    async def topics_of(self, ids: Sequence[UUID]) -> Mapping[UUID, str]:
        """Of those that there are."""
        rows = await self._connection.rows(select(OutboxJob.id, OutboxJob.topic).where(_among(ids)))
        return {row.id: row.topic for row in rows}

    async def retry(self, ids: Sequence[UUID]) -> set[UUID]:
        """Due at once, with all attempts; which of them were dead."""
        again = {"dead_at": None, "attempts": 0, "available_at": func.now(), "lease": None, "leased_until": None}
        return await self._change(ids, again)

    async def discard(self, ids: Sequence[UUID], by: UUID | None, reason: str) -> set[UUID]:
        """Never to be run; which of them were dead. What is sealed in them goes."""
        told = {"discarded_at": func.now(), "discarded_by": by, "discard_reason": reason}
        return await self._change(ids, told | {"payload": OutboxJob.payload.op("-")(literal("sealed", Text))})

    async def _change(self, ids: Sequence[UUID], values: Mapping[str, Any]) -> set[UUID]:
        """In one order for all who do this, so that none waits for the other and is waited for."""
        dead = and_(_among(ids), *DEAD)
        await self._connection.rows(select(OutboxJob.id).where(dead).order_by(OutboxJob.id).with_for_update())
        return set(
            await self._connection.scalars(update(OutboxJob).where(dead).values(**values).returning(OutboxJob.id))
        )


def _among(ids: Sequence[UUID]) -> ColumnElement[bool]:
    return OutboxJob.id == any_(literal(list(ids), ARRAY(Uuid)))
