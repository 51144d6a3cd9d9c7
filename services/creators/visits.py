"""Counting visits while many come at once."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, datetime
from uuid import UUID

from domain.clock import uuid7
from domain.creators.visits import Uncounted, Visit, referring_host, visitor_of
from domain.users import Client, Principal
from persistence.engine.batching import Batched
from persistence.engine.database import Database, is_outage
from services.devices import kind_of

AT_ONCE = 500
MOST_WAITING = 5_000
SALT_BYTES = 32
RANDOM_BYTES = 10


class Visits:
    """Whoever waits shares one transaction with all others who do, and is answered when it is committed.

    ``uncounted`` is told why a visit was not counted; its sender is not. ``random`` makes so many bytes.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        random: Callable[[int], bytes],
        uncounted: Callable[[str], None],
        own_hosts: Callable[[], frozenset[str]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._random = random
        self._uncounted = uncounted
        self._own_hosts = own_hosts
        self._waiting = 0
        self._salts: dict[date, bytes] = {}
        self._salting = asyncio.Lock()
        self._batched = Batched(self._record, most=AT_ONCE)

    async def count(
        self,
        page_id: UUID,
        link_id: UUID | None,
        client: Client,
        principal: Principal | None,
        country: str | None,
        visitor_id: str | None,
        referrer: str | None = None,
    ) -> None:
        """Count a view of the page, or a click on a link of it. Never raises what keeps it from being counted."""
        reason: Uncounted | None = Uncounted.OUTAGE
        device = kind_of(client.user_agent)
        if device is None:
            reason = Uncounted.BOT
        elif self._waiting >= MOST_WAITING:
            reason = Uncounted.OVERLOAD
        else:
            self._waiting += 1
            try:
                now = self._clock()
                told = (visitor_id,) if visitor_id else (client.network, client.user_agent or "")
                visit = Visit(
                    id=uuid7(now, self._random(RANDOM_BYTES)),
                    at=now,
                    page_id=page_id,
                    link_id=link_id,
                    by=principal.creator_id if principal else None,
                    visitor=visitor_of(await self._salt(now.date()), page_id, *told),
                    device=device,
                    referrer=referring_host(referrer, self._own_hosts()),
                    country=country,
                )
                reason = await self._batched.ask(visit)
            except Exception as error:
                if not is_outage(error):
                    raise
            finally:
                self._waiting -= 1
        if reason is not None:
            self._uncounted(reason)

    def forget(self) -> None:
        """As if nobody had come yet."""
        self._salts = {}

    async def _salt(self, day: date) -> bytes:
        if (known := self._salts.get(day)) is not None:
            return known
        async with self._salting:
            if day not in self._salts:
                async with self._database.unit() as db:
                    self._salts = {day: await db.visits.salt(day, self._random(SALT_BYTES))}
            return self._salts[day]

    async def _record(self, visits: Sequence[Visit]) -> Sequence[Uncounted | None]:
        async with self._database.unit() as db:
            return await db.visits.record(visits)
