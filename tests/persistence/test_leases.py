"""Connections kept at hand: reused, bounded, and given up with whatever went wrong on them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest

from persistence.leases import Leases
from tests.conftest import Databases

PID = "SELECT pg_backend_pid()"
NONE: dict[str, Any] = {}


@pytest.fixture(scope="module")
def url(databases: Databases) -> str:
    return databases.empty()


def using(url: str, work: Callable[[Leases], Awaitable[None]], **options: Any) -> None:
    async def main() -> None:
        async with opened(url, **options) as leases:
            await work(leases)

    asyncio.run(main())


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[Leases]:
    leases = Leases(url, {}, **options)
    try:
        yield leases
    finally:
        await leases.close()


async def pid(leases: Leases) -> int:
    row = await leases.fetch(PID, NONE)
    assert row is not None
    return int(row[0])


def terminate(url: str, *pids: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", [list(pids)])


class TestLeases:
    def test_a_connection_serves_one_call_after_the_other(self, url: str) -> None:
        async def work(leases: Leases) -> None:
            assert len({await pid(leases) for _ in range(5)}) == 1
            assert await leases.fetch("SELECT %(n)s::int WHERE false", {"n": 1}) is None

        using(url, work)

    def test_no_more_than_their_number_are_open(self, url: str) -> None:
        async def work(leases: Leases) -> None:
            answers = await asyncio.gather(*(leases.fetch(f"{PID}, pg_sleep(0.01)", NONE) for _ in range(12)))
            assert len({row[0] for row in answers if row is not None}) == 3

        using(url, work, size=3)

    def test_whoever_waits_too_long_is_told_so(self, url: str) -> None:
        async def work(leases: Leases) -> None:
            holder = asyncio.create_task(leases.fetch("SELECT pg_sleep(0.5)", NONE))
            await asyncio.sleep(0)
            with pytest.raises(psycopg.OperationalError, match="no connection came free"):
                await leases.fetch(PID, NONE)
            await holder
            assert await pid(leases)

        using(url, work, size=1, patience=0.05)

    def test_a_server_that_went_away_costs_one_answer(self, url: str) -> None:
        async def work(leases: Leases) -> None:
            pids = await asyncio.gather(*(pid(leases) for _ in range(3)))
            await asyncio.to_thread(terminate, url, *pids)
            with pytest.raises(psycopg.OperationalError):
                await pid(leases)
            assert await pid(leases) not in pids

        using(url, work)

    def test_a_call_that_was_given_up_leaves_no_answer_to_the_next(self, url: str) -> None:
        async def work(leases: Leases) -> None:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await leases.fetch("SELECT 'stale', pg_sleep(0.3)", NONE)
            assert await leases.fetch("SELECT 'fresh'", NONE) == ("fresh",)

        using(url, work, size=1)

    def test_an_old_connection_is_replaced(self, url: str) -> None:
        async def work(leases: Leases) -> None:
            assert len({await pid(leases) for _ in range(3)}) == 3

        using(url, work, life=0)

    def test_nobody_listens(self) -> None:
        async def work(leases: Leases) -> None:
            with pytest.raises(psycopg.OperationalError):
                await pid(leases)

        using("postgresql://nobody@127.0.0.1:1/none", work)
