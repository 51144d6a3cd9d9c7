"""Connections kept at hand: reused, waited for, and given up with whatever went wrong on them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest

from persistence.engine.pool import Pool
from tests.conftest import Databases
from tests.harness import bare_database
from tests.providers.servers import closed_port

PID = "SELECT pg_backend_pid()"
NONE: dict[str, Any] = {}


@pytest.fixture(scope="module")
def url(databases: Databases) -> str:
    return databases.empty()


def using(url: str, work: Callable[[Pool], Awaitable[None]], **options: Any) -> None:
    async def main() -> None:
        async with opened(url, **options) as pool:
            await work(pool)

    asyncio.run(main())


@asynccontextmanager
async def opened(url: str, size: int = 3, **options: Any) -> AsyncIterator[Pool]:
    pool = Pool(url, {}, size, **options)
    try:
        yield pool
    finally:
        await pool.close()


async def pid(pool: Pool) -> int:
    ((found,),) = await pool.fetch(PID, NONE)
    return int(found)


def terminate(url: str, *pids: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", [list(pids)])


def test_a_password_with_a_lone_percent_sign_is_no_fault_that_quotes_it() -> None:
    """SQLAlchemy takes it as it stands; libpq would refuse it in words that hold it."""
    nowhere = f"postgresql://biore:50%off@127.0.0.1:{closed_port()}/biore"

    async def ask() -> None:
        database = bare_database(nowhere)
        try:
            await database.sessions.fetch(PID, NONE)
        finally:
            await database.close()

    with pytest.raises(psycopg.OperationalError) as refused:
        asyncio.run(ask())
    assert "off" not in str(refused.value)


class TestPool:
    def test_a_connection_serves_one_call_after_the_other(self, url: str) -> None:
        async def work(pool: Pool) -> None:
            assert len({await pid(pool) for _ in range(5)}) == 1
            assert await pool.fetch("SELECT generate_series(1, %(n)s::int)", {"n": 2}) == [(1,), (2,)]

        using(url, work)

    def test_calls_at_the_same_time_have_connections_of_their_own(self, url: str) -> None:
        async def work(pool: Pool) -> None:
            pids = set(await asyncio.gather(*(pid(pool) for _ in range(3))))
            assert len(pids) == 3
            assert await pid(pool) in pids

        using(url, work)

    def test_a_database_that_says_nothing_is_away(self, url: str) -> None:
        async def work(pool: Pool) -> None:
            with pytest.raises(psycopg.OperationalError, match="no answer"):
                await pool.fetch("SELECT pg_sleep(0.5)", NONE)
            assert await pool.fetch("SELECT 'fresh'", NONE) == [("fresh",)]

        using(url, work, patience=0.05)

    def test_a_server_that_went_away_costs_one_answer(self, url: str) -> None:
        async def work(pool: Pool) -> None:
            pids = await asyncio.gather(*(pid(pool) for _ in range(3)))
            await asyncio.to_thread(terminate, url, *pids)
            with pytest.raises(psycopg.OperationalError):
                await pid(pool)
            assert await pid(pool) not in pids

        using(url, work)

    def test_a_call_that_was_given_up_leaves_no_answer_to_the_next(self, url: str) -> None:
        async def work(pool: Pool) -> None:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await pool.fetch("SELECT 'stale', pg_sleep(0.3)", NONE)
            assert await pool.fetch("SELECT 'fresh'", NONE) == [("fresh",)]

        using(url, work)

    def test_an_old_connection_is_replaced(self, url: str) -> None:
        async def work(pool: Pool) -> None:
            assert len({await pid(pool) for _ in range(3)}) == 3

        using(url, work, life=0)

    def test_nobody_listens(self) -> None:
        async def work(pool: Pool) -> None:
            with pytest.raises(psycopg.OperationalError):
                await pid(pool)

        using("postgresql://nobody@127.0.0.1:1/none", work)
