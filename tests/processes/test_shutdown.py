"""The end of processes: readiness goes first, what runs is answered, what is new is refused, nothing is lost."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.processes.biore import PATIENCE, Biore, Deployment, Process, alive, registration, until
from tests.processes.conftest import QUIET, DeploymentMaker
from tests.processes.crowd import all_at_once, client, codes, post
from tests.processes.post_office import PostOffice
from tests.processes.test_worker import enqueue, family_of, people, send_through, workers_of
from tests.redis_server import RedisServer

DRAIN = "0.6"
PARTING = 0.5  # seconds that an idle connection is kept when its process ends
CALLERS = 12


@dataclass
class Crowd:
    """Callers that go on, half of them on new connections each time, until nobody listens any more."""

    biore: Deployment
    answers: list[httpx.Response] = field(default_factory=list)
    ready: list[int] = field(default_factory=list)

    async def run(self) -> None:
        callers = [self._call_on(keep_alive=number % 2 == 0) for number in range(CALLERS)]
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(self._probe(), *callers)

    async def _call_on(self, *, keep_alive: bool) -> None:
        limits = httpx.Limits(max_keepalive_connections=1 if keep_alive else 0)
        async with client(self.biore, limits=limits, timeout=PATIENCE) as caller:
            async for answer in answers_to(caller, "auth/me"):
                self.answers.append(answer)

    async def _probe(self) -> None:
        async with client(self.biore, timeout=PATIENCE) as caller:
            async for answer in answers_to(caller, f"{self.biore.origin}/health/ready"):
                self.ready.append(answer.status_code)
                await asyncio.sleep(0.01)


class Line:
    """The connection of a caller. ``idle``: for how many seconds it was open, or had sent nothing, before a request."""

    def __init__(self) -> None:
        self.idle = 0.0
        self._since = 0.0

    async def note(self, event: str, _: object) -> None:
        """As httpx tells of a request under way."""
        now = time.monotonic()
        if event == "connection.connect_tcp.started":
            self._since = now
        elif event == "http11.send_request_headers.complete":
            self.idle, self._since = now - self._since, now


async def answers_to(caller: httpx.AsyncClient, url: str) -> AsyncIterator[httpx.Response]:
    """Until nobody listens any more. Any other fault means that a request was lost, unless the caller, on a machine
    that is busy, was too slow itself: an idle connection is kept for a moment alone.
    """
    line = Line()
    while True:
        line.idle = 0.0
        try:
            answer = await caller.get(url, extensions={"trace": line.note})
        except httpx.ConnectError:
            return
        except (httpx.RemoteProtocolError, httpx.NetworkError):
            if line.idle <= PARTING:
                raise
        else:
            yield answer


@contextmanager
def held(biore: Deployment) -> Iterator[psycopg.Connection]:
    """While it lasts nobody can be registered; a roll back lets go."""
    with psycopg.connect(biore.database_url) as lock:
        lock.execute("LOCK TABLE users IN EXCLUSIVE MODE")
        yield lock


async def end_under_load(biore: Deployment, server: Process, email: str) -> tuple[Crowd, httpx.Response]:
    """Ends the server while a registration is under way, which may go on only when all that is new is refused."""
    crowd = Crowd(biore)
    async with client(biore, timeout=PATIENCE) as person:
        with held(biore) as lock:
            running = asyncio.create_task(crowd.run())
            registering = asyncio.create_task(person.post("auth/register", json=registration(email)))
            await reached(lambda: waits_for(lock))
            server.terminate()
            await reached(lambda: any(answer.status_code == 503 for answer in crowd.answers))
            assert server.code is None
            assert not registering.done()
            lock.rollback()
            registered = await registering
        await running
    return crowd, registered


async def reached(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.02)


def waits_for(lock: psycopg.Connection) -> bool:
    """Whether somebody stands before the lock."""
    row = lock.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
    return row is not None and row[0] > 0


def assert_in_order(crowd: Crowd, registered: httpx.Response, server: Process) -> None:
    assert registered.status_code == 201
    assert registered.headers["connection"] == "close"
    assert codes(crowd.answers).keys() == {"auth.unauthenticated", "service.unavailable"}
    refused = [answer for answer in crowd.answers if answer.status_code == 503]
    assert {(answer.headers["retry-after"], answer.headers["connection"]) for answer in refused} == {("1", "close")}
    assert all(answer.headers["x-correlation-id"] == answer.json()["error"]["correlationId"] for answer in refused)
    assert server.wait() == 0, server.output
    assert "Traceback" not in server.output


@pytest.fixture
def embedded(embedded_dir: Path) -> Iterator[Biore]:
    with Biore(embedded_dir, drain_seconds=DRAIN) as biore:
        biore.configure(QUIET)
        yield biore


class TestUnderLoad:
    def test_one_process_and_its_own_database(self, embedded: Biore) -> None:
        crowd, registered = asyncio.run(end_under_load(embedded, embedded.server, "ada@example.com"))
        assert_in_order(crowd, registered, embedded.server)
        first = crowd.ready.index(503)
        assert set(crowd.ready[:first]) <= {200}
        assert set(crowd.ready[first:]) == {503}

    def test_two_processes_and_a_worker_that_stays(self, deploy: DeploymentMaker, work_dir: Path) -> None:
        with RedisServer(work_dir) as redis:
            biore = deploy(redis_url=redis.url, drain_seconds=DRAIN)
            biore.start("worker")
            server = biore.serve("--workers", "2", "--no-worker")
            crowd, registered = asyncio.run(end_under_load(biore, server, "ada@example.com"))
            assert_in_order(crowd, registered, server)
            with biore.tables() as tables:
                mails = "SELECT 1 FROM mailbox_messages WHERE recipient = 'ada@example.com'"
                until(lambda: tables.rows(mails), "the mail")


class TestSecondSignal:
    def test_ends_at_once(self, deploy: DeploymentMaker, work_dir: Path) -> None:
        with RedisServer(work_dir) as redis, ThreadPoolExecutor() as threads:
            biore = deploy(redis_url=redis.url, drain_seconds="600")
            server = biore.serve("--workers", "2", log_level="debug")
            until(lambda: server.output.count("Application startup complete") == 2, "both processes")
            (worker,) = until(lambda: workers_of(server.pid), "a worker")
            family = [pid for pid in family_of(server.pid) if pid != worker]
            server.interrupt()  # which all of them hear; to those below the parent it means nothing
            until(lambda: biore.status("/health/ready") == 503, "an unready process")
            assert [pid for pid in family if alive(pid)] == family
            assert biore.status("/api/v1/auth/me") == 401  # served as ever
            with held(biore) as lock:
                call = post("auth/register", registration("ada@example.com"))
                registering = threads.submit(all_at_once, biore, [call])
                until(lambda: waits_for(lock), "a registration under way")
                server.interrupt()
                assert server.wait(10) == 0
                assert codes(registering.result()) == {"service.unavailable": 1}
            with biore.tables() as tables:
                assert tables.count("users") == 0
            until(lambda: not [pid for pid in (worker, *family) if alive(pid)], "the end of all")
            assert "Traceback" not in server.output


class TestWorker:
    def test_finishes_what_it_has_begun_and_begins_nothing_more(self, deploy: DeploymentMaker) -> None:
        biore = deploy()
        with PostOffice(slowest=0.5).opened() as post_office, biore.tables() as tables:
            send_through(biore, post_office)
            enqueue(biore, *people(60))
            worker = biore.start("worker")
            until(lambda: post_office.accepted, "a mail")
            worker.terminate()
            assert worker.wait() == 0, worker.output
            jobs = tables.rows("SELECT attempts, done_at IS NOT NULL AS done FROM outbox")
            assert {(job["attempts"], job["done"]) for job in jobs} == {(1, True), (0, False)}
            assert sum(job["done"] for job in jobs) == len(post_office.accepted)
