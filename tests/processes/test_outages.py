"""What people see while PostgreSQL or Redis is away: refusals that say so, and recovery without anybody's help."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from persistence.migrate import upgrade
from runtime.serve.embedded import EmbeddedPostgres
from tests.harness import PASSWORD, bearer
from tests.processes.biore import PATIENCE, Deployment, Process, registration, until
from tests.processes.conftest import QUIET, DeploymentMaker
from tests.processes.crowd import all_at_once, client, post, statuses
from tests.redis_server import RedisServer

LONGEST_ANSWER = 10.0
LIMIT = 100
DOCUMENTED_LIMIT = 20  # of auth.verify_email


class Load:
    """People who do not stop calling; every answer is kept with the time it took."""

    def __init__(self, biore: Deployment, access: str, email: str) -> None:
        self._biore = biore
        self._access = access
        self._email = email
        self._stopped = False
        self.answers: list[httpx.Response] = []

    @asynccontextmanager
    async def __call__(self) -> Any:
        async with client(self._biore, timeout=LONGEST_ANSWER) as crowd:
            callers = [asyncio.create_task(self._call_on(crowd, kind)) for kind in range(8)]
            try:
                yield
            finally:
                self._stopped = True
                await asyncio.gather(*callers)

    async def _call_on(self, crowd: httpx.AsyncClient, kind: int) -> None:
        while not self._stopped:
            self.answers.append(await self._one(crowd, kind % 4))

    async def _one(self, crowd: httpx.AsyncClient, kind: int) -> httpx.Response:
        if kind == 0:
            return await crowd.get("auth/me", headers=bearer(self._access))
        if kind == 1:
            headers = {"Idempotency-Key": uuid4().hex}
            return await crowd.post("auth/register", json=registration(f"{uuid4().hex}@example.com"), headers=headers)
        if kind == 2:
            return await crowd.post("auth/verify-email", json={"token": str(uuid4())})
        return await crowd.post("auth/login", json={"email": self._email, "password": PASSWORD})

    async def until_answered(self, status: int, times: int) -> None:
        """Waits for so many more answers of this status."""
        goal = self._count(status) + times
        async with asyncio.timeout(PATIENCE):
            while self._count(status) < goal:  # noqa: ASYNC110 - the callers know nothing of goals
                await asyncio.sleep(0.02)

    def _count(self, status: int) -> int:
        return statuses(self.answers)[status]


@dataclass
class LateDatabase:
    """A server that was started while its database was down; ``early`` is what it said of itself then."""

    biore: Deployment
    server: Process
    worker: Process
    postgres: EmbeddedPostgres
    early: dict[str, int | None]


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LateDatabase]:
    postgres = EmbeddedPostgres(tmp_path_factory.mktemp("e"))
    try:
        upgrade(url := postgres.start())
        with Deployment(tmp_path_factory.mktemp("d"), database_url=url) as biore:
            biore.configure(QUIET)
            postgres.stop()
            server, worker = biore.start("serve", "--no-worker"), biore.start("worker")
            until(lambda: biore.status("/health/live") == 200, "a living server")
            early = {path: biore.status(path) for path in ("/health/live", "/health/ready", "/api/v1/auth/me")}
            postgres.start()
            yield LateDatabase(biore, server, worker, postgres, early)
    finally:
        postgres.stop()


class TestPostgres:
    def test_a_server_and_a_worker_started_before_their_database_wait_for_it(self, late: LateDatabase) -> None:
        assert late.early == {"/health/live": 200, "/health/ready": 503, "/api/v1/auth/me": 401}
        late.biore.wait_ready(late.server)
        with late.biore.client() as visitor:
            visitor.sign_up("alan@example.com")
        for process in (late.server, late.worker):
            until(lambda process=process: "database.reachable" in process.output, "word that it is back")  # type: ignore[misc]
            told = [line for line in process.output.splitlines() if "database." in line]
            assert ["unreachable" in line for line in told] == [True, False], "one line each, not one for each try"
            assert "cause='No such file or directory'" in told[0]
            assert f"at={late.biore.socket}" in told[0]

    def test_a_restart_under_load_is_refused_politely_and_forgotten(self, late: LateDatabase) -> None:
        late.biore.wait_ready(late.server)
        with late.biore.client() as visitor:
            visitor.sign_up("ada@example.com")
            access, _ = visitor.sign_in("ada@example.com")
        load = Load(late.biore, access, "ada@example.com")
        asyncio.run(restarted_under(load, late.biore, late.postgres))
        assert set(statuses(load.answers)) == {200, 201, 400, 503}
        refused = [answer for answer in load.answers if answer.status_code == 503]
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
        assert {answer.json()["error"]["code"] for answer in refused} == {"service.unavailable"}
        assert max(answer.elapsed.total_seconds() for answer in load.answers) < LONGEST_ANSWER
        assert late.server.code is None
        assert "Traceback" not in late.server.output
        with late.biore.client() as visitor:  # whose mail tells that the worker came back too
            visitor.sign_up("grace@example.com")


async def restarted_under(load: Load, biore: Deployment, postgres: EmbeddedPostgres) -> None:
    async with load():
        await load.until_answered(201, 3)
        await asyncio.to_thread(postgres.stop)
        await load.until_answered(503, 50)
        assert await asyncio.to_thread(biore.status, "/health/ready") == 503
        assert await asyncio.to_thread(biore.status, "/health/live") == 200
        assert "biore_database_up 0.0" in await asyncio.to_thread(scraped, biore)
        await asyncio.to_thread(postgres.start)
        for status in (200, 201, 400):
            await load.until_answered(status, 5)
        assert await asyncio.to_thread(biore.status, "/health/ready") == 200
        assert "biore_database_up 1.0" in await asyncio.to_thread(scraped, biore)


def scraped(biore: Deployment) -> str:
    return httpx.get(f"{biore.origin}/metrics", timeout=10, trust_env=False).raise_for_status().text


@dataclass
class LateRedis:
    """Two API processes that were started while their Redis was down."""

    biore: Deployment
    server: Process
    redis: RedisServer

    def restored(self) -> bool:
        """Whether each process has noticed that Redis is back."""
        return self.server.output.count("ratelimit.restored") == self.server.output.count("ratelimit.degraded") >= 2


@pytest.fixture(scope="module")
def two(deploy: DeploymentMaker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LateRedis]:
    redis = RedisServer(tmp_path_factory.mktemp("r"))
    biore = deploy(redis_url=redis.url)
    biore.configure({"ratelimit.enabled": True, "ratelimit.auth.logout": f"{LIMIT}/hour"})
    server = biore.serve("--workers", "2", "--no-worker")
    try:
        yield LateRedis(biore, server, redis)
    finally:
        redis.kill()


class TestRedis:
    def test_one_box_tells_of_several_processes(self, two: LateRedis) -> None:
        until(lambda: "is running; it started in" in two.server.output, "the box")
        assert two.server.output.count("is running; it started in") == 1

    def test_without_it_processes_start_and_admit_no_more_than_the_limit(self, two: LateRedis) -> None:
        two.redis.kill()
        answers = all_at_once(two.biore, [post("auth/verify-email", {"token": str(uuid4())})] * 100, width=20)
        assert set(statuses(answers)) == {400, 429}
        assert statuses(answers)[400] <= DOCUMENTED_LIMIT

    def test_killed_under_load_each_process_holds_its_share_until_it_is_back(self, two: LateRedis) -> None:
        two.redis.kill()
        call_until(two.biore, lambda: two.server.output.count("ratelimit.degraded") >= 2)
        two.redis.start()
        call_until(two.biore, two.restored)
        before = two.server.output.count("ratelimit.degraded")

        answers = asyncio.run(killed_under_load(two))
        assert set(statuses(answers)) == {200, 429}
        # What Redis admitted counts against the shares, but it may have come to the two processes unevenly.
        assert statuses(answers)[200] <= LIMIT + LIMIT // 2
        assert two.server.output.count("ratelimit.degraded") == before + 2

        two.redis.start()
        call_until(two.biore, two.restored)
        again = all_at_once(two.biore, [post("auth/logout")] * 2 * LIMIT, width=10)
        assert statuses(again) == {200: LIMIT, 429: LIMIT}


async def killed_under_load(two: LateRedis) -> list[httpx.Response]:
    """60 calls while it lives, then more in mid-flight and after its death than all shares can admit."""
    answers: list[httpx.Response] = []
    waiting = asyncio.Semaphore(20)

    async def call(crowd: httpx.AsyncClient) -> None:
        async with waiting:
            answers.append(await crowd.post("auth/logout"))

    limits = httpx.Limits(max_connections=20, max_keepalive_connections=0)
    async with client(two.biore, limits=limits, timeout=PATIENCE) as crowd:
        calls = [asyncio.create_task(call(crowd)) for _ in range(440)]
        while len(answers) < 60:  # noqa: ASYNC110 - the answers are counted, not announced
            await asyncio.sleep(0)
        two.redis.kill()
        await asyncio.gather(*calls)
    return answers


def call_until(biore: Deployment, holds: Callable[[], bool]) -> None:
    """Only a call makes a process ask Redis, so call one after the other, on new connections that reach both."""

    def called() -> bool:
        all_at_once(biore, [post("auth/verify-email", {"token": str(uuid4())})] * 4, width=4)
        return holds()

    until(called, "Redis noticed")
