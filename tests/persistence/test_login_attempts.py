"""The brake on guessing: counted in the database, before the password is looked at."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import psycopg
import pytest

from persistence.auth.attempts import LoginAttempts
from persistence.engine.database import Database
from tests.conftest import Databases
from tests.handlers.support import until, waiting_for_locks
from tests.harness import Tables, bare_database

T = TypeVar("T")

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ADA, BOB = b"ada", b"bob"
THRESHOLD, BASE, MAXIMUM = 5, 60, 900


@pytest.fixture(scope="module")
def url(databases: Databases) -> str:
    return databases.migrated()


class Brake:
    def __init__(self, url: str) -> None:
        self._url = url

    def use(self, work: Callable[[Database], Awaitable[T]]) -> T:
        async def run() -> T:
            database = bare_database(self._url)
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(run())

    def attempt(self, times: int = 1, at: float = 0, subject: bytes = ADA) -> list[float | None]:
        """Seconds of lock that each attempt met, or None."""

        async def work(database: Database) -> list[float | None]:
            return [await begin(database, subject, NOW + timedelta(seconds=at)) for _ in range(times)]

        return self.use(work)

    def forget(self, subject: bytes) -> None:
        self.use(lambda database: _within(database, lambda attempts: attempts.forget_all([subject], NOW)))

    def purge(self, before: datetime) -> None:
        self.use(lambda database: _within(database, lambda attempts: attempts.purge(before)))


async def _within(database: Database, work: Callable[[LoginAttempts], Awaitable[T]]) -> T:
    async with database.unit() as db:
        return await work(db.login_attempts)


async def begin(database: Database, subject: bytes, now: datetime) -> float | None:
    counted = await _within(database, lambda attempts: attempts.count(subject, now, THRESHOLD, BASE, MAXIMUM))
    return counted.locked_for


@pytest.fixture
def brake(url: str) -> Brake:
    with Tables(url) as tables:
        tables.empty()
    return Brake(url)


class TestThreshold:
    def test_the_first_five_may_go_on(self, brake: Brake) -> None:
        assert brake.attempt(7) == [None] * 5 + [60.0, 60.0]

    def test_the_lock_runs_down(self, brake: Brake) -> None:
        brake.attempt(5)
        assert brake.attempt(at=45) == [15.0]
        assert brake.attempt(at=59.9) == [1.0]

    def test_knocking_at_a_lock_does_not_prolong_it(self, brake: Brake) -> None:
        brake.attempt(5)
        brake.attempt(50, at=30)
        assert brake.attempt(at=60) == [None]

    def test_each_further_failure_doubles_it(self, brake: Brake) -> None:
        brake.attempt(4)
        moment, locks = 0.0, []
        for _ in range(7):
            assert brake.attempt(at=moment) == [None]
            (lock,) = brake.attempt(at=moment)
            assert lock is not None
            locks.append(lock)
            moment += lock
        assert locks == [60, 120, 240, 480, 900, 900, 900]

    def test_a_hundred_failures_do_no_harm(self, brake: Brake, url: str) -> None:
        brake.attempt(5)
        with Tables(url) as tables:
            tables.run("UPDATE login_attempts SET failures = 2000000000")
        assert brake.attempt(at=1000) == [None]
        assert brake.attempt(at=1000) == [900.0]


class TestForgetting:
    def test_a_success_forgets_all(self, brake: Brake) -> None:
        brake.attempt(4)
        brake.forget(ADA)
        assert brake.attempt(6) == [None] * 5 + [60.0]

    def test_a_quiet_day_does_so_too(self, brake: Brake) -> None:
        brake.attempt(5)
        day = timedelta(days=1).total_seconds()
        assert brake.attempt(6, at=day + 1) == [None] * 5 + [60.0]

    def test_less_than_a_day_does_not(self, brake: Brake) -> None:
        brake.attempt(5)
        almost = timedelta(hours=23).total_seconds()
        assert brake.attempt(2, at=almost) == [None, 120.0]

    def test_old_ones_are_purged(self, brake: Brake, url: str) -> None:
        brake.attempt(subject=ADA)
        brake.attempt(subject=BOB, at=100)
        brake.purge(NOW + timedelta(seconds=50))
        with Tables(url) as tables:
            assert [bytes(row["subject"]) for row in tables.rows("SELECT subject FROM login_attempts")] == [BOB]


class TestSubjects:
    def test_one_locks_no_other(self, brake: Brake) -> None:
        brake.attempt(6, subject=ADA)
        assert brake.attempt(subject=BOB) == [None]

    def test_forgetting_one_leaves_the_other(self, brake: Brake) -> None:
        brake.attempt(5, subject=ADA)
        brake.attempt(5, subject=BOB)
        brake.forget(ADA)
        assert brake.attempt(subject=BOB) == [60.0]


class TestRace:
    def test_parallel_guesses_do_not_slip_past(self, brake: Brake) -> None:
        async def work(database: Database) -> list[float | None]:
            return await asyncio.gather(*(begin(database, ADA, NOW) for _ in range(60)))

        outcomes = brake.use(work)
        assert outcomes.count(None) == THRESHOLD
        assert {outcome for outcome in outcomes if outcome is not None} == {60.0}


@pytest.mark.parametrize("act", [LoginAttempts.forget_all, lambda attempts, subjects, _: attempts.hold(subjects)])
def test_several_are_taken_in_one_order(brake: Brake, url: str, act: Callable[..., Awaitable[Any]]) -> None:
    """Else one who counts and one who forgets each wait for what the other has."""
    first, last = b"a", b"z"
    for subject in (last, first):
        brake.attempt(subject=subject)
    row = "SELECT 1 FROM login_attempts WHERE subject = %s FOR UPDATE"
    with ThreadPoolExecutor(1) as pool, psycopg.connect(url) as other, Tables(url) as tables:
        other.execute(row, [first])
        acted = pool.submit(
            brake.use, lambda database: _within(database, lambda attempts: act(attempts, [last, first], NOW))
        )
        until(lambda: waiting_for_locks(tables) == 1)
        assert other.execute(f"{row} NOWAIT", [last]).fetchall()
        other.rollback()
        acted.result()
