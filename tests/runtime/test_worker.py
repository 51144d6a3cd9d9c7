"""What a worker claims, how much of it at a time, and what becomes of jobs that fail."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import make_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import select
from structlog.testing import capture_logs

from domain.jobs import MAX_ATTEMPTS, PLACES, Lane, lane_of
from domain.topics import Topic, TwoFactorEnabled
from persistence.migrate import alembic_config, upgrade
from persistence.models import OutboxJob
from persistence.outbox import Claimed
from runtime.compose import build_parts
from runtime.settings import Settings
from runtime.worker.worker import Worker
from tests.conftest import Databases
from tests.handlers.support import account, insert, until
from tests.harness import Server, Tables
from tests.providers.s3_server import S3Server, s3_server

NOW = datetime.now(UTC)
RUNNING = "SELECT count(*) AS n FROM outbox WHERE leased_until > now() AND topic = %s"
HEAVY, LIGHT = "storage.delete_incoming", "email.two_factor_enabled"


@pytest.fixture
def vendor(server: Server) -> Iterator[S3Server]:
    with s3_server() as vendor:
        server.configure(**vendor.configured())
        yield vendor


@contextmanager
def working(server: Server) -> Iterator[tuple[Worker, "Future[None]"]]:
    """A worker in the server's event loop, as in a process of its own."""
    worker = Worker(server.app.parts)
    running = asyncio.run_coroutine_threadsafe(worker.run(), server._loop)
    try:
        yield worker, running
    finally:
        server.on_loop(stop(worker))
        running.result(20)


async def stop(worker: Worker) -> None:
    worker.stop()


def add(server: Server, topic: str, times: int = 1, secret: str | None = None, **payload: Any) -> None:
    names = dict.fromkeys(payload, str)
    job = make_dataclass("Any", names, bases=(Topic,), namespace={"topic": topic}, frozen=True)(**payload)

    async def add() -> None:
        async with server.app.parts.database.unit() as db:
            for _ in range(times):
                await db.outbox.add(job, secret)

    server.on_loop(add())


def add_heavy(server: Server, times: int) -> None:
    add(server, HEAVY, times, provider="s3", key=f"avatars/{uuid4()}/{uuid4()}.png")


def add_mails(server: Server, tables: Tables, times: int) -> None:
    add(server, LIGHT, times, user=str(account(tables=tables, api=server.client())))


def running(tables: Tables, topic: str) -> int:
    return int(tables.one(RUNNING, topic)["n"])


def done(tables: Tables, topic: str) -> int:
    return len(tables.rows("SELECT 1 FROM outbox WHERE topic = %s AND done_at IS NOT NULL", topic))


class TestLanes:
    @pytest.mark.parametrize(
        ("topic", "lane"),
        [("email.verify_address", Lane.CODES), ("sms.otp", Lane.CODES), ("auth.forgot_password", Lane.CODES),
         ("housekeeping.forget_ended", Lane.NORMAL), ("nobody.knows", Lane.NORMAL), ("x", Lane.NORMAL),
         ("gdpr.build_export", Lane.BULK), ("email.legal_changed", Lane.BULK), ("storage.inspect_upload", Lane.FILES),
         ("events.apply", Lane.EVENTS), ("events.sweep", Lane.NORMAL)],
    )  # fmt: skip
    def test_follow_from_the_kind_of_work(self, server: Server, tables: Tables, topic: str, lane: Lane) -> None:
        assert lane_of(topic) is lane
        assert PLACES[lane] >= 1
        add(server, topic)
        assert tables.one("SELECT lane FROM outbox")["lane"] == lane

    def test_slow_work_on_files_holds_up_no_mail(self, server: Server, tables: Tables, vendor: S3Server) -> None:
        vendor.gate.clear()
        add_heavy(server, 20)
        with working(server):
            until(lambda: running(tables, HEAVY) == PLACES[Lane.FILES])
            add_mails(server, tables, 30)
            until(lambda: done(tables, LIGHT) == 30)
            assert (running(tables, HEAVY), done(tables, HEAVY)) == (PLACES[Lane.FILES], 0)
            begun = "SELECT count(*) AS n FROM outbox WHERE attempts > 0 AND topic = %s"
            assert tables.one(begun, HEAVY)["n"] == PLACES[Lane.FILES]
            vendor.gate.set()
            until(lambda: done(tables, HEAVY) == 20)
        assert {row["attempts"] for row in tables.rows("SELECT attempts FROM outbox WHERE topic = %s", HEAVY)} == {1}

    def test_a_worker_that_stops_finishes_what_it_has_begun(
        self, server: Server, tables: Tables, vendor: S3Server
    ) -> None:
        vendor.gate.clear()
        add_heavy(server, 5)
        with working(server) as (worker, ended):
            until(lambda: running(tables, HEAVY) == PLACES[Lane.FILES])
            server.on_loop(stop(worker))
            add_mails(server, tables, 1)
            assert not ended.done()
            vendor.gate.set()
            ended.result(20)
        jobs = tables.rows("SELECT attempts, done_at IS NOT NULL AS done FROM outbox")
        assert sorted((job["attempts"], job["done"]) for job in jobs) == [(0, False)] * 4 + [(1, True)] * 2

    def test_working_off_leaves_nothing_that_is_due(self, server: Server, tables: Tables, vendor: S3Server) -> None:
        add_heavy(server, 7)
        add_mails(server, tables, 25)
        assert server.on_loop(Worker(server.app.parts).work_off()) == 32
        assert tables.rows("SELECT 1 FROM outbox WHERE done_at IS NULL") == []


class TestClaim:
    def claim(self, server: Server, places: dict[Lane, int], *again: Lane) -> Sequence[Claimed]:
        async def claim() -> Sequence[Claimed]:
            async with server.app.parts.database.unit() as db:
                return await db.outbox.claim(uuid4(), timedelta(seconds=30), places, again)

        return server.on_loop(claim())

    def add(self, tables: Tables, lane: Lane, times: int, **columns: Any) -> None:
        for number in range(times):
            due = NOW - timedelta(minutes=times - number)
            insert(tables, "outbox", topic=f"x.{number}", payload={}, lane=int(lane), available_at=due, **columns)

    def test_takes_as_many_as_there_are_places_the_longest_due_first(self, server: Server, tables: Tables) -> None:
        self.add(tables, Lane.CODES, 5)
        self.add(tables, Lane.FILES, 5)
        claimed = self.claim(server, {Lane.CODES: 3, Lane.NORMAL: 9, Lane.FILES: 1})
        found = sorted((row.job.lane, row.job.topic, row.job.attempts, row.again) for row in claimed)
        assert found == [(0, "x.0", 1, False), (0, "x.1", 1, False), (0, "x.2", 1, False), (3, "x.0", 1, False)]
        assert self.claim(server, {Lane.CODES: 0}) == []

    def test_what_dead_workers_left_is_taken_one_by_one(self, server: Server, tables: Tables) -> None:
        """Or all of it would die with the one that kills its worker, again and again until none has a try left."""
        left = {"lease": uuid4(), "leased_until": NOW - timedelta(seconds=1), "attempts": 1}
        self.add(tables, Lane.CODES, 9, **left)
        self.add(tables, Lane.FILES, 2, **left)
        self.add(tables, Lane.CODES, 2)
        claimed = self.claim(server, {Lane.CODES: 10}, *Lane)
        assert sorted((row.job.lane, row.job.attempts, row.again) for row in claimed) == [
            (0, 1, False), (0, 1, False), (0, 2, True), (3, 2, True)
        ]  # fmt: skip
        assert [row.again for row in self.claim(server, {Lane.CODES: 10}, Lane.CODES)] == [True]
        assert self.claim(server, {Lane.CODES: 10}) == []

    def test_all_of_it_is_done_in_the_end(self, server: Server, tables: Tables) -> None:
        add_mails(server, tables, 12)
        tables.run("UPDATE outbox SET lease = id, leased_until = now() - interval '1 second', attempts = 1")
        assert server.on_loop(Worker(server.app.parts).work_off()) == 12
        ended = tables.rows("SELECT attempts, done_at FROM outbox")
        assert {row["attempts"] for row in ended} == {2}
        assert all(row["done_at"] for row in ended)


class TestFailures:
    def run(self, server: Server) -> list[Any]:
        with capture_logs() as logs:
            server.on_loop(Worker(server.app.parts).work_off())
        return [entry for entry in logs if entry["event"].startswith("job.")]

    def test_a_topic_that_nobody_knows_waits_for_a_newer_worker(self, server: Server, tables: Tables) -> None:
        add(server, "email.of_the_next_version", secret="x")
        (entry,) = self.run(server)
        assert (entry["event"], entry["log_level"], "exc_info" in entry) == ("job.failed", "warning", False)
        row = tables.one("SELECT *, available_at - now() AS wait FROM outbox")
        assert (row["dead_at"], row["done_at"], row["lease"]) == (None, None, None)
        assert timedelta(0) < row["wait"] <= timedelta(seconds=2)
        assert (row["last_error"], "sealed" in row["payload"]) == (
            "UnknownTopic: no job for topic email.of_the_next_version", True
        )  # fmt: skip

    def test_a_fault_of_ours_is_tried_again_and_ends_with_an_alarm(self, server: Server, tables: Tables) -> None:
        """A field that is not there."""
        add(server, LIGHT)
        for attempt in range(1, MAX_ATTEMPTS):
            (entry,) = self.run(server)
            assert (entry["event"], entry["log_level"], entry["attempt"]) == ("job.failed", "warning", attempt)
            assert isinstance(entry["exc_info"], TypeError)
            assert tables.one("SELECT dead_at FROM outbox")["dead_at"] is None
            tables.run("UPDATE outbox SET available_at = now()")
        (entry,) = self.run(server)
        assert (entry["event"], entry["log_level"], entry["topic"]) == ("job.dead", "error", LIGHT)
        assert isinstance(entry["exc_info"], TypeError)
        row = tables.one("SELECT dead_at, last_error, attempts FROM outbox")
        assert row["dead_at"]
        assert row["last_error"].startswith("TypeError")
        assert row["attempts"] == MAX_ATTEMPTS


def test_it_begins_with_the_last_of_the_migrations(databases: Databases, settings: Settings) -> None:
    """Each revision commits by itself: what a worker knows is there before what it claims its jobs from."""
    url = databases.empty()
    command.upgrade(alembic_config(url), "0040")  # what the config is read from is there, what comes last is not

    async def scenario() -> bool:
        parts = build_parts(settings, url, "worker")
        worker = Worker(parts)
        running = asyncio.create_task(worker.run())
        try:
            while not (parts.config.known or running.done()):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
            await asyncio.to_thread(upgrade, url)
            async with parts.database.unit() as db:
                await db.outbox.add(TwoFactorEnabled(uuid4()))
            while not running.done():
                async with parts.database.reading() as db:
                    if await db.connection.scalar(select(OutboxJob.attempts)):
                        return True
                await asyncio.sleep(0.01)
            return False
        finally:
            worker.stop()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await parts.close()

    assert asyncio.run(scenario())
