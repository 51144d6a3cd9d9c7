"""What providers told us of, looked at and made true here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain import topics
from domain.webhooks import MOST_TRIES, Hopeless, next_look

if TYPE_CHECKING:
    from jobs.needs import Clock, Job, ProviderEvent, UnitOfWork, Webhooks

BATCH = 1000


async def apply(job: Job[topics.ApplyEvent], uow: UnitOfWork, webhooks: Webhooks, clock: Clock) -> None:
    """The provider is asked how things are, whatever the notice said, so that it can be late, early, or twice."""
    async with uow() as db:
        event = await db.provider_events.begin(job.payload.event, clock(), job.attempt)
    if event is None:
        return
    family = webhooks.looked_at(event)
    if event.tries > MOST_TRIES:
        await _end(event, uow, clock, "PARKED", "tries")
    elif family is None:
        await _end(event, uow, clock, "IGNORED")
    elif not await _known(event, uow, family):
        await _wait(event, uow, family, clock)
    else:
        try:
            found = await family.look(event.provider, event.object_ref or "")
        except Hopeless as refusal:
            await _end(event, uow, clock, "PARKED", str(refusal))
            return
        await _write(event, uow, family, clock, found)


async def _known(event: ProviderEvent, uow: UnitOfWork, family: Any) -> bool:
    async with uow.reading() as db:
        known: bool = await family.knows(db, event.provider, event.object_ref)
    return known


async def _write(event: ProviderEvent, uow: UnitOfWork, family: Any, clock: Clock, found: Any) -> None:
    async with uow.last() as db:
        held = await db.provider_events.hold(event.id)
        if held is None:
            return
        await family.write(db, held, found)
        if held.pings == event.pings:
            await db.provider_events.end(held, "DONE", clock())
        else:  # it was told again while we looked, maybe of something that came later
            await db.outbox.add(topics.ApplyEvent(event.id))


async def _wait(event: ProviderEvent, uow: UnitOfWork, family: Any, clock: Clock) -> None:
    now = clock()
    later = next_look(event.waits, event.received_at, now)
    async with uow.last() as db:
        if later is not None:
            if await db.provider_events.wait(event.id, now + later):
                await db.outbox.add_later(topics.ApplyEvent(event.id), later)
            return
        held = await db.provider_events.hold(event.id)
        if held is not None:
            await family.give_up(db, held)
            await db.provider_events.end(held, "UNMATCHED", now)


async def _end(event: ProviderEvent, uow: UnitOfWork, clock: Clock, state: str, fault: str | None = None) -> None:
    async with uow.last() as db:
        held = await db.provider_events.hold(event.id)
        if held is not None:
            await db.provider_events.end(held, state, clock(), fault)


async def sweep(uow: UnitOfWork, clock: Clock) -> None:
    """The outbox only wakes: what is not done is found again without it."""
    async with uow.last() as db:
        for event_id in await db.provider_events.take_up(clock(), BATCH):
            await db.outbox.add(topics.ApplyEvent(event_id))
