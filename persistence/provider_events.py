"""Notices of providers, each stored once, and what became of them.

Whoever writes what an event is about holds the event first, then the rows that it is about.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    DateTime,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    delete,
    func,
    null,
    select,
    update,
)

from domain.webhooks import (
    BEGUN,
    FAILED,
    IGNORED_KEPT,
    MOST_TRIES,
    PARKED_AGAIN,
    PARKED_FOR,
    PAYLOAD_KEPT,
    SILENCE,
    Notice,
    next_try_within,
)
from persistence.engine.connection import Connection
from persistence.engine.due import late
from persistence.engine.keyset import Keyset
from persistence.engine.statements import insertion
from persistence.models import ProviderEvent

COUNTED_TO = 100_000
TIME = DateTime(timezone=True)
STORED = (
    insertion(
        ProviderEvent, "family", "provider", "external_id", "type", "object_ref", "occurred_at", "received_at",
        "payload", "state", "due_at", "parked_at", "ended_at", "fault",
    )
    .on_conflict_do_nothing(index_elements=["family", "provider", "external_id"])
    .returning(ProviderEvent.id)
)  # fmt: skip
_KNOWN = (
    ProviderEvent.family == bindparam("family"),
    ProviderEvent.provider == bindparam("provider"),
    ProviderEvent.external_id == bindparam("external_id"),
)
PINGED = (
    update(ProviderEvent)
    .where(*_KNOWN)
    .values(pings=ProviderEvent.pings + 1)
    .returning(ProviderEvent.id, ProviderEvent.state)
)
_THIS = ProviderEvent.id == bindparam("event")
REOPENED = (
    update(ProviderEvent)
    .where(_THIS)
    .values(
        state="RECEIVED",
        tries=0,
        waits=0,
        received_at=bindparam("now", type_=TIME),
        due_at=bindparam("due", type_=TIME),
        payload=bindparam("payload_", type_=LargeBinary),
        ended_at=null(),
        parked_at=null(),
        fault=null(),
    )
)
HELD_IN_ANY_STATE = select(ProviderEvent).where(_THIS).with_for_update()
REPLAYED = (
    update(ProviderEvent)
    .where(_THIS)
    .values(
        state="RECEIVED", tries=0, waits=0, ended_at=null(), parked_at=null(), fault=null(),
        received_at=bindparam("now", type_=TIME), due_at=bindparam("due", type_=TIME),
    )
    .returning(ProviderEvent)
)  # fmt: skip
# What is to be looked at again, and says what it is about.
_IN_VAIN = ProviderEvent.state == any_(bindparam("states", type_=ARRAY(Text)))
FAILED_ONES = (
    select(ProviderEvent)
    .where(_IN_VAIN, ProviderEvent.object_ref.is_not(None))
    .order_by(ProviderEvent.received_at, ProviderEvent.id)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
HELD_AMONG = (
    select(ProviderEvent)
    .where(ProviderEvent.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(ProviderEvent.id)
    .with_for_update()
)
NEWEST = Keyset(ProviderEvent.received_at.desc(), ProviderEvent.id.desc())
BEGIN = (
    update(ProviderEvent)
    .where(_THIS, ProviderEvent.state.in_(BEGUN))
    .values(tries=ProviderEvent.tries + 1, due_at=bindparam("due", type_=TIME))
    .returning(ProviderEvent)
)
HELD = HELD_IN_ANY_STATE.where(ProviderEvent.state.in_(BEGUN))
WAIT = (
    update(ProviderEvent)
    .where(_THIS, ProviderEvent.state.in_(BEGUN))
    .values(state="WAITING", tries=0, waits=ProviderEvent.waits + 1, due_at=bindparam("due", type_=TIME))
    .returning(ProviderEvent.id)
)
ENDED = (
    update(ProviderEvent)
    .where(_THIS)
    .values(
        state=bindparam("state_"),
        fault=bindparam("fault_"),
        due_at=bindparam("due", type_=TIME),
        ended_at=bindparam("now", type_=TIME),
        parked_at=case(
            (bindparam("state_") == "PARKED", func.coalesce(ProviderEvent.parked_at, bindparam("now", type_=TIME))),
            else_=ProviderEvent.parked_at,
        ),
    )
)
_WAS_PARKED = ProviderEvent.state == "PARKED"
TAKEN_UP = (
    update(ProviderEvent)
    .where(ProviderEvent.id.in_(late(ProviderEvent)))
    .values(
        due_at=bindparam("due", type_=TIME),
        state=case((_WAS_PARKED, "RECEIVED"), else_=ProviderEvent.state),
        tries=case((_WAS_PARKED, MOST_TRIES - 1), else_=ProviderEvent.tries),
    )
    .returning(ProviderEvent.id)
)


class ProviderEvents:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def take(self, family: str, provider: str, notice: Notice, payload: bytes, now: datetime) -> UUID | None:
        """The event that there is something to be done for; None for a repetition, or where it waits to be done."""
        if notice.external_id is not None:
            return await self._store(family, provider, notice, payload, now)
        while True:  # whoever stored the first ping meanwhile is found the next time
            known = {"family": family, "provider": provider, "external_id": notice.key}
            row = await self._connection.row(PINGED, **known)
            if row is None:
                stored = await self._store(family, provider, notice, payload, now)
                if stored is not None:
                    return stored
            elif row.state in BEGUN:
                return None
            else:
                due = now + SILENCE
                await self._connection.execute(REOPENED, event=row.id, now=now, due=due, payload_=payload)
                event_id: UUID = row.id
                return event_id

    async def park(self, family: str, provider: str, external_id: str, payload: bytes, now: datetime) -> bool:
        """Keep what nobody can read; False for a repetition. Another try would find the same."""
        notice = Notice(external_id, "", None)
        return await self._store(family, provider, notice, payload, now, "unreadable") is not None

    async def _store(
        self, family: str, provider: str, notice: Notice, payload: bytes, now: datetime, fault: str | None = None
    ) -> UUID | None:
        of_notice = {"type": notice.type, "object_ref": notice.object_ref, "occurred_at": notice.occurred_at}
        at_hand = {"state": "RECEIVED", "due_at": now + SILENCE, "parked_at": None, "ended_at": None}
        parked = {"state": "PARKED", "due_at": None, "parked_at": now, "ended_at": now}
        row: dict[str, Any] = {"family": family, "provider": provider, "external_id": notice.key, "fault": fault}
        row |= {"received_at": now, "payload": payload, **of_notice, **(at_hand if fault is None else parked)}
        return await self._connection.scalar(STORED, **row)

    async def begin(self, event_id: UUID, now: datetime, tries: int) -> ProviderEvent | None:
        """Counts the try, whatever comes of it; None when nothing is left to be done. ``tries``: those of its job."""
        return await self._connection.scalar(BEGIN, event=event_id, due=now + next_try_within(tries))

    async def hold(self, event_id: UUID) -> ProviderEvent | None:
        """Until the transaction ends; None when somebody else dealt with it."""
        return await self._connection.scalar(HELD, event=event_id)

    async def wait(self, event_id: UUID, until: datetime) -> bool:
        return await self._connection.scalar(WAIT, event=event_id, due=until + SILENCE) is not None

    async def end(self, event: ProviderEvent, state: str, now: datetime, fault: str | None = None) -> None:
        """One that is held. What is parked is tried again for some days."""
        parked = state == "PARKED" and now + PARKED_AGAIN < (event.parked_at or now) + PARKED_FOR
        due = now + PARKED_AGAIN if parked else None
        await self._connection.execute(ENDED, event=event.id, state_=state, fault_=fault, due=due, now=now)

    async def page(
        self, keys: Sequence[Any] | None, rows: int, filters: Mapping[str, str | None]
    ) -> Sequence[ProviderEvent]:
        """The newest first. ``filters`` are columns and what they must have, where that is given."""
        wanted = [getattr(ProviderEvent, name) == value for name, value in filters.items() if value is not None]
        return await self._connection.scalars(NEWEST.page(select(ProviderEvent).where(*wanted), keys, rows))

    async def find_for_update(self, event_id: UUID) -> ProviderEvent | None:
        return await self._connection.scalar(HELD_IN_ANY_STATE, event=event_id)

    async def hold_among(self, ids: Sequence[UUID]) -> Sequence[ProviderEvent]:
        """Until the transaction ends, in any state."""
        return await self._connection.scalars(HELD_AMONG, ids=list(ids))

    async def hold_failed(self, most: int) -> Sequence[ProviderEvent]:
        """Those that nobody deals with any more and that may be replayed, the oldest first, until the transaction
        ends; none that somebody else holds."""
        return await self._connection.scalars(FAILED_ONES, states=list(FAILED), most=most)

    async def replay(self, event_id: UUID, now: datetime) -> ProviderEvent:
        """As if it had just come. It is held."""
        return await self._connection.scalar_one(REPLAYED, event=event_id, now=now, due=now + SILENCE)

    async def take_up(self, now: datetime, most: int) -> Sequence[UUID]:
        """Those whose job is lost, and parked ones whose time has come. Nobody else gets them."""
        return await self._connection.scalars(TAKEN_UP, now=now, due=now + SILENCE, most=most)

    async def forget(self, now: datetime) -> None:
        """Payloads that served their purpose, and what nobody reads."""
        event = ProviderEvent
        unread = delete(event).where(event.payload.is_not(None), event.state == "IGNORED")
        await self._connection.execute(unread.where(event.ended_at < now - IGNORED_KEPT))
        old = update(event).where(event.payload.is_not(None), event.ended_at < now - PAYLOAD_KEPT)
        await self._connection.execute(old.values(payload=None))

    async def open_ones(self) -> Mapping[tuple[str, str], int]:
        """How many of each family are not done, by their state, as far as they are counted."""
        event = ProviderEvent
        undone = select(event.family, event.state).where(event.state.not_in(("DONE", "IGNORED")))
        some = undone.limit(COUNTED_TO).subquery()
        counted: Any = select(some.c.family, some.c.state, func.count()).group_by(some.c.family, some.c.state)
        return {(family, state): count for family, state, count in await self._connection.rows(counted)}
