"""Owners who stop a recovery in the moment in which several workers let it take effect, against two API processes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from domain.clock import utc_now
from domain.topics import SettleRecovery
from runtime.compose import Parts
from tests.handlers.support import insert
from tests.harness import Tables
from tests.processes.biore import Deployment, until
from tests.processes.conftest import DeploymentMaker
from tests.processes.crowd import all_at_once, codes, post
from tests.redis_server import RedisServer

ACCOUNTS, STOPS, WORKERS = 20, 5, 3
TOLD = {"STOPPED": {"200": STOPS}, "DONE": {"auth.recovery.invalid_token": STOPS}}


@dataclass(frozen=True, slots=True)
class Due:
    """A request whose time has come, and the token that stops it."""

    id: UUID
    account: UUID
    stop: str


@pytest.fixture(scope="module")
def biore(deploy: DeploymentMaker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with RedisServer(tmp_path_factory.mktemp("r")) as redis:
        deployment = deploy(redis_url=redis.url)
        for _ in range(WORKERS):
            deployment.start("worker")
        deployment.serve("--workers", "2", "--no-worker")
        yield deployment


@pytest.fixture
def tables(biore: Deployment) -> Iterator[Tables]:
    with biore.tables() as tables:
        yield tables


@pytest.fixture
def asker(tables: Tables) -> UUID:
    """Who of the staff made the requests, and still may."""
    staff = person(tables)
    tables.run("INSERT INTO staff_roles (user_id, role, reason) VALUES (%s, 'ADMIN', 'a race')", staff)
    return staff


def person(tables: Tables) -> UUID:
    columns = {"email_verified": True, "two_factor_enabled": True, "two_factor_secret": "sealed"}
    return insert(tables, "users", email=f"{uuid4().hex}@example.com", **columns)


def requests(biore: Deployment, asker: UUID, accounts: list[UUID]) -> list[Due]:
    async def ask(parts: Parts) -> list[Due]:
        now = utc_now()
        told = {"evidence": "seen in a call", "reason": "a race", "requested_by": asker}
        made = []
        async with parts.database.unit() as db:
            for account in accounts:
                when = {"created_at": now, "effective_at": now - timedelta(hours=1)}
                started = await db.recoveries.start(account, "TWO_FACTOR", **told, **when)
                assert started is not None
                made.append(Due(started.request.id, account, str(started.stop)))
        return made

    return biore.with_parts(ask)


def queue(biore: Deployment, due: list[Due]) -> None:
    """What the sweep would leave for the workers, one by one while owners stop them."""
    with biore.tables() as tables:
        for request in due:
            insert(tables, "outbox", topic=SettleRecovery.topic, payload={"request": str(request.id)})


def test_one_of_both_wins_and_nobody_is_told_otherwise(biore: Deployment, tables: Tables, asker: UUID) -> None:
    due = requests(biore, asker, [person(tables) for _ in range(ACCOUNTS)])
    stops = [post("auth/recovery/stop", {"token": request.stop}) for request in due for _ in range(STOPS)]
    with ThreadPoolExecutor(1) as pool:
        queued = pool.submit(queue, biore, due)
        answers = all_at_once(biore, stops)
        queued.result()
    until(lambda: not tables.rows("SELECT 1 FROM recovery_requests WHERE state = 'PENDING'"), "each to end")
    for number, request in enumerate(due):
        row = tables.one("SELECT state FROM recovery_requests WHERE id = %s", request.id)
        factor = tables.one("SELECT two_factor_enabled FROM users WHERE id = %s", request.account)
        assert factor["two_factor_enabled"] == (row["state"] == "STOPPED")
        assert codes(answers[number * STOPS : (number + 1) * STOPS]) == TOLD[row["state"]]
        undone = tables.rows("SELECT 1 FROM credential_changes WHERE user_id = %s", request.account)
        assert len(undone) == (row["state"] == "DONE")
