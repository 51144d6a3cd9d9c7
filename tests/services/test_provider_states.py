"""What processes tell of their providers: each of its own breakers, all of them together of how calls ended."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import pytest
from structlog.testing import capture_logs

from persistence.engine.database import Database
from providers.breaker import FAILURES, State
from providers.observing import Watch
from providers.ports import ProviderUnavailable
from runtime.settings import Settings
from services.keyring import Keyring
from services.providers.states import TELL_EVERY, ProviderStates
from tests.harness import Tables

T = TypeVar("T")
NOON = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)


class Clock:
    now = NOON

    def __call__(self) -> datetime:
        return self.now


class Process:
    """One of several on a database."""

    def __init__(self, database: Database, role: str = "worker") -> None:
        self.clock = Clock()
        self.watch = Watch(clock=self.clock)
        self.states = ProviderStates(database, self.watch, role, self.clock)

    def call(self, fault: str | None = None) -> None:
        with suppress(ProviderUnavailable), self.watch.call("sms", "vonage"):
            if fault is not None:
                raise ProviderUnavailable(fault)


@pytest.fixture
def on_database(database_url: str, settings: Settings) -> Callable[[Callable[[Database], Awaitable[T]]], T]:
    def run(work: Callable[[Database], Awaitable[T]]) -> T:
        async def opened() -> T:
            keyring = Keyring(settings.secrets)
            database = Database(database_url, seal=partial(keyring.seal, "outbox"), digests=keyring.digests)
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(opened())

    return run


Run = Callable[[Callable[[Database], Awaitable[None]]], None]
OUTCOMES = "SELECT outcome, calls, fault FROM provider_outcomes ORDER BY outcome"


def test_many_processes_add_up(on_database: Run, rows: Tables) -> None:
    async def tell(database: Database) -> None:
        processes = [Process(database) for _ in range(8)]
        for _ in range(5):
            for process in processes:
                process.call()
                process.call("down")
                process.clock.now += TELL_EVERY
            await asyncio.gather(*(process.states.keep_up() for process in processes))

    on_database(tell)
    assert [tuple(row.values()) for row in rows.rows(OUTCOMES)] == [("ok", 40, None), ("unavailable", 40, "down")]
    assert rows.count("provider_states") == 8


def test_a_change_is_told_at_once_and_the_rest_by_the_clock(on_database: Run, rows: Tables) -> None:
    async def tell(database: Database) -> None:
        process = Process(database)
        process.call()
        await process.states.keep_up()
        for _ in range(FAILURES):
            process.call("down")
        assert rows.one("SELECT state FROM provider_states")["state"] == "CLOSED"
        await process.states.keep_up()
        row = rows.one("SELECT state, fault, role, opened_at FROM provider_states")
        assert (row["state"], row["fault"], row["role"]) == ("OPEN", "down", "worker")
        assert abs(row["opened_at"] - NOON) < timedelta(seconds=5)
        process.call("still down")
        await process.states.keep_up()
        assert rows.one("SELECT fault FROM provider_states")["fault"] == "down"
        process.clock.now += TELL_EVERY
        await process.states.keep_up()
        assert rows.one("SELECT fault FROM provider_states")["fault"] == "still down"

    on_database(tell)


def test_what_cannot_be_told_waits(on_database: Run, rows: Tables) -> None:
    async def tell(database: Database) -> None:
        process = Process(database)
        process.call()
        rows.run("ALTER TABLE provider_outcomes RENAME TO elsewhere")
        with capture_logs() as logs:
            await process.states.keep_up()
        rows.run("ALTER TABLE elsewhere RENAME TO provider_outcomes")
        assert [line["event"] for line in logs] == ["providers.untold"]
        assert rows.count("provider_outcomes") == 0
        await process.states.keep_up()
        assert rows.one("SELECT calls FROM provider_outcomes")["calls"] == 1

    on_database(tell)


def test_a_probe_that_another_process_passed_closes_the_breaker(on_database: Run, rows: Tables) -> None:
    async def tell(database: Database) -> None:
        process = Process(database)
        async with database.unit() as db:
            await db.providers.pass_probe("sms", "vonage", NOON)
        await process.states.keep_up()
        for _ in range(FAILURES):
            process.call("down")
        await process.states.keep_up()  # what was found before does not count
        assert process.watch.circuit("sms", "vonage").breaker.state is State.OPEN
        async with database.unit() as db:
            await db.providers.pass_probe("sms", "vonage", NOON + timedelta(seconds=1))
        await process.states.keep_up()
        assert [row["state"] for row in rows.rows("SELECT state FROM provider_states")] == ["CLOSED"]

    on_database(tell)


def test_what_is_old_is_forgotten(on_database: Run, rows: Tables) -> None:
    async def tell(database: Database) -> None:
        process = Process(database)
        process.call()
        await process.states.keep_up()
        async with database.unit() as db:
            await db.providers.purge(NOON.replace(minute=0))
        assert (rows.count("provider_outcomes"), rows.count("provider_states")) == (1, 1)
        async with database.unit() as db:
            await db.providers.purge(datetime.now(UTC) + timedelta(days=365))
        assert (rows.count("provider_outcomes"), rows.count("provider_states")) == (0, 0)

    on_database(tell)
