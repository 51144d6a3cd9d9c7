"""Answers that are kept: made once, thrown away when something has changed, never older than the clock allows."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.answers.prepared import Made, Prepared
from domain.errors import ApiError
from services.editions import Editions

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class Numbers:
    """In place of the database: what ``refresh`` reads, and nothing else."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.editions = self
        self.reads = 0

    async def all(self) -> dict[str, int]:
        return dict(self.numbers)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator["Numbers"]:
        self.reads += 1
        yield self


class Shelf:
    def __init__(self, most: int = 10, most_bytes: int = 1000) -> None:
        self.now = BEGAN
        self.database = Numbers()
        self.made = 0
        self.until: datetime | None = None
        self.fails = False
        database: Any = self.database
        self.editions = Editions(database, lambda: self.now, most=most, most_bytes=most_bytes)

    def prepare(self, answer: Any, *, max_age: int | None = None, valid_until: datetime | None = None) -> Prepared[Any]:
        return Prepared(str(answer).encode(), "tag", max_age, valid_until)

    async def get(self, key: str = "a", name: str = "books", size: int = 1) -> str:
        async def make(_db: Any, now: datetime) -> Made[str]:
            assert now == self.now
            await asyncio.sleep(0)
            if self.fails:
                raise ApiError("route.not_found")
            self.made += 1
            return Made(f"{key}{self.made}".ljust(size), self.until)

        return (await self.editions.get(name, key, self.prepare, make)).body.decode().strip()


def run(work: Callable[[Shelf], Coroutine[Any, Any, None]], **bounds: int) -> None:
    asyncio.run(work(Shelf(**bounds)))


def test_is_made_once_for_all_who_ask() -> None:
    async def work(shelf: Shelf) -> None:
        assert await asyncio.gather(*(shelf.get() for _ in range(20))) == ["a1"] * 20
        assert (await shelf.get(), shelf.database.reads) == ("a1", 1)

    run(work)


def test_is_made_again_after_a_change_of_its_part_alone() -> None:
    async def work(shelf: Shelf) -> None:
        await shelf.get()
        shelf.database.numbers["films"] = 1
        await shelf.editions.refresh()
        assert await shelf.get() == "a1"
        shelf.database.numbers["books"] = 1
        assert await shelf.get() == "a1"
        await shelf.editions.refresh()
        assert await shelf.get() == "a2"

    run(work)


def test_ends_by_the_clock() -> None:
    async def work(shelf: Shelf) -> None:
        shelf.until = BEGAN + timedelta(seconds=5)
        await shelf.get()
        shelf.now = shelf.until - timedelta(milliseconds=1)
        assert await shelf.get() == "a1"
        shelf.now, shelf.until = shelf.until, None
        assert await shelf.get() == "a2"

    run(work)


def test_a_refusal_is_not_kept() -> None:
    async def work(shelf: Shelf) -> None:
        shelf.fails = True
        refused = await asyncio.gather(*(shelf.get() for _ in range(3)), return_exceptions=True)
        assert [type(one) for one in refused] == [ApiError] * 3
        shelf.fails = False
        assert await shelf.get() == "a1"

    run(work)


def test_who_goes_away_takes_nothing_from_the_others() -> None:
    async def work(shelf: Shelf) -> None:
        first, second = asyncio.create_task(shelf.get()), asyncio.create_task(shelf.get())
        await asyncio.sleep(0)
        first.cancel()
        assert await second == "a1"
        with pytest.raises(asyncio.CancelledError):
            await first

    run(work)


def test_what_was_not_asked_for_longest_goes_first() -> None:
    async def work(shelf: Shelf) -> None:
        assert [await shelf.get(key) for key in "ab"] == ["a1", "b2"]
        await shelf.get("a")
        assert await shelf.get("c") == "c3"
        assert [await shelf.get(key) for key in "ac"] == ["a1", "c3"]
        assert await shelf.get("b") == "b4"

    run(work, most=2)


def test_is_bounded_by_bytes() -> None:
    async def work(shelf: Shelf) -> None:
        await shelf.get("a", size=60)
        await shelf.get("b", size=60)
        assert await shelf.get("a", size=60) == "a3"
        assert await shelf.get("c", size=200) == "c4"  # more than all: answered, and not kept
        assert await shelf.get("c", size=200) == "c5"

    run(work, most_bytes=100)
