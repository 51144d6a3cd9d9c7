"""Answers that are the same for everybody, kept in memory for as long as nothing that they are made of has changed."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from domain.answers.prepared import Made, Prepare, Prepared
from persistence.engine.database import Database
from persistence.repositories import Repositories

T = TypeVar("T")

MOST = 2_000
MOST_BYTES = 64 * 1024 * 1024


Make = Callable[[Repositories, datetime], Awaitable[Made[T]]]
Slot = tuple[str, Hashable]


@dataclass(frozen=True, slots=True)
class _Kept:
    number: int
    prepared: Prepared[Any]


class Editions:
    """``refresh`` follows the numbers at the pace of the config, so no answer is older than that; each request looks at
    the clock. What was not asked for longest goes first, beyond ``most`` answers or ``most_bytes`` of them."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        *,
        most: int = MOST,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._database = database
        self._clock = clock
        self._most, self._most_bytes = most, most_bytes
        self._numbers: Mapping[str, int] = {}
        self._reading = asyncio.Lock()
        self._kept: OrderedDict[Slot, _Kept] = OrderedDict()
        self._bytes = 0
        self._making: dict[tuple[Slot, int], asyncio.Task[Prepared[Any]]] = {}

    async def refresh(self) -> None:
        async with self._reading, self._database.reading() as db:
            self._numbers = await db.editions.all()

    def forget(self) -> None:
        """As if nobody had asked for anything."""
        while self._kept:
            self._drop()

    async def get(self, name: str, key: Hashable, prepare: Prepare, make: Make[T]) -> Prepared[T]:
        """The answer to ``key`` by the present edition of ``name``; ``make`` reads it where nobody has kept it.

        All who ask meanwhile wait for the same reading. What ``make`` raises they all get, and nothing is kept.
        """
        slot, number, now = (name, key), self._numbers.get(name, 0), self._clock()
        if (kept := self._kept.get(slot)) is not None:
            until = kept.prepared.valid_until
            if kept.number == number and (until is None or now < until):
                self._kept.move_to_end(slot)
                return kept.prepared
        making = self._making.get((slot, number))
        if making is None:
            making = asyncio.create_task(self._make(slot, number, now, prepare, make))
            self._making[slot, number] = making
            making.add_done_callback(lambda made: self._end((slot, number), made))
        return await asyncio.shield(making)

    async def _make(self, slot: Slot, number: int, now: datetime, prepare: Prepare, make: Make[T]) -> Prepared[T]:
        async with self._database.reading() as db:
            made = await make(db, now)
        prepared = prepare(made.answer, valid_until=made.until)
        self._keep(slot, _Kept(number, prepared))
        return prepared

    def _end(self, making: tuple[Slot, int], made: asyncio.Task[Prepared[Any]]) -> None:
        del self._making[making]
        if not made.cancelled():
            made.exception()  # all who waited for it may have gone away

    def _keep(self, slot: Slot, kept: _Kept) -> None:
        self._drop(slot)
        self._kept[slot] = kept
        self._bytes += len(kept.prepared.body)
        while len(self._kept) > self._most or self._bytes > self._most_bytes:
            self._drop()

    def _drop(self, slot: Slot | None = None) -> None:
        """That one, if it is there, or the one that was not asked for longest."""
        dropped = self._kept.popitem(last=False)[1] if slot is None else self._kept.pop(slot, None)
        self._bytes -= 0 if dropped is None else len(dropped.prepared.body)
