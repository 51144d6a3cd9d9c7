"""Workers that are killed, many at once, and without anybody who takes the mail."""

import os
import random
import signal
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil  # type: ignore[import-untyped]
import pytest

from domain.clock import utc_now
from domain.topics import VerifyAddress
from domain.users import REFERRAL_LENGTH, Origin, new_user, referral_code
from persistence.repositories import Repositories
from runtime.compose import Parts
from tests.harness import Tables
from tests.processes.biore import Biore, Deployment, alive, until
from tests.processes.conftest import DeploymentMaker
from tests.processes.post_office import REFUSED, PostOffice
from tests.redis_server import RedisServer

PENDING = "SELECT 1 FROM outbox WHERE done_at IS NULL AND dead_at IS NULL"
OTHERS = "SELECT DISTINCT client_port, pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"


def send_through(biore: Deployment, first: PostOffice, second: PostOffice | None = None) -> None:
    values = {"external.email.active_provider": "smtp", "external.email.smtp.url": first.url}
    if second is not None:
        values |= {"external.email.smtp_secondary.url": second.url}
    biore.configure(values | {"external.email.failover_providers": ["smtp_secondary"] if second else []})


def enqueue(biore: Deployment, *addresses: str) -> None:
    """Accounts that wait for their verification mail, as registration leaves them."""

    async def add(parts: Parts) -> None:
        async with parts.database.unit() as db:
            for address in addresses:
                user_id = await add_account(db, address)
                await db.outbox.add(VerifyAddress(user_id), secret=str(user_id))

    biore.with_parts(add)


async def add_account(db: Repositories, address: str) -> UUID:
    code = referral_code(os.urandom(REFERRAL_LENGTH))
    account = new_user({"email": address}, "no hash", "en", Origin(None, None, None))
    return await db.users.add(account, [code], utc_now())


def people(count: int) -> list[str]:
    return [f"person-{number}@example.com" for number in range(count)]


def wait_until_done(tables: Tables, seconds: float = 30) -> None:
    until(lambda: not tables.rows(PENDING), "an empty outbox", seconds)


class TestDeath:
    def test_killing_workers_loses_no_mail(self, deploy: DeploymentMaker) -> None:
        biore, chance = deploy(), random.Random(7)
        with PostOffice(slowest=0.4).opened() as post_office, biore.tables() as tables:
            send_through(biore, post_office)
            enqueue(biore, *people(60))
            for _ in range(3):
                worker = biore.start("worker", "--lease-seconds", "1")
                goal = len(post_office.accepted) + chance.randint(1, 14)
                until(lambda goal=goal: len(post_office.accepted) >= goal, "mails")  # type: ignore[misc]
                worker.kill()
            assert tables.rows(PENDING)
            biore.start("worker", "--lease-seconds", "1")
            wait_until_done(tables)
            assert set(post_office.recipients) == set(people(60))
            assert_one_message_id_each(post_office)
            assert {str(row["payload"]) for row in tables.rows("SELECT payload FROM outbox")} == {"{}"}

    def test_a_job_longer_than_its_lease_is_not_taken_away(self, deploy: DeploymentMaker) -> None:
        biore = deploy()
        with PostOffice(slowest=4.0).opened() as post_office, biore.tables() as tables:
            send_through(biore, post_office)
            enqueue(biore, *people(20))
            for _ in range(2):
                biore.start("worker", "--lease-seconds", "1")
            wait_until_done(tables)
            assert sorted(post_office.recipients) == sorted(people(20))


def assert_one_message_id_each(post_office: PostOffice) -> None:
    """By which a mail server or its reader recognises the repetition."""
    ids = defaultdict(set)
    for recipient, message_id in post_office.accepted:
        ids[recipient].add(message_id)
    assert {len(of_one) for of_one in ids.values()} == {1}


class TestCrowd:
    def test_four_workers_send_two_hundred_mails_once_each(self, deploy: DeploymentMaker) -> None:
        biore = deploy()
        with PostOffice(slowest=0.05).opened() as post_office, biore.tables() as tables:
            send_through(biore, post_office)
            own = tables.one("SELECT pg_backend_pid() AS pid")["pid"]
            workers = [biore.start("worker") for _ in range(4)]
            until(lambda: len(tables.rows(OTHERS, own)) >= 4, "four workers at the database")
            enqueue(biore, *people(200))
            wait_until_done(tables)
            assert sorted(post_office.recipients) == sorted(people(200))
            assert {row["attempts"] for row in tables.rows("SELECT attempts FROM outbox")} == {1}
            assert sum("job.done" in worker.output for worker in workers) >= 2


class Delivery:
    """One worker and two post offices, both closed at first."""

    def __init__(self, biore: Deployment) -> None:
        self.biore = biore
        self.first, self.second = PostOffice(), PostOffice()
        send_through(biore, self.first, self.second)
        biore.start("worker")

    def attempts(self, address: str) -> list[tuple[str, str]]:
        query = (
            "SELECT provider, outcome FROM email_deliveries d JOIN outbox o ON o.id = d.job_id"
            " WHERE o.correlation_id = %s ORDER BY d.started_at"
        )
        with self.biore.tables() as tables:
            return [(row["provider"], row["outcome"]) for row in tables.rows(query, address)]

    def enqueue(self, address: str) -> None:
        """The address is the job's correlation id too, by which tests find it again."""
        enqueue(self.biore, address)
        with self.biore.tables() as tables:
            tables.run("UPDATE outbox SET correlation_id = %s WHERE correlation_id IS NULL", address)

    def job(self, address: str) -> dict[str, Any]:
        with self.biore.tables() as tables:
            return tables.one("SELECT * FROM outbox WHERE correlation_id = %s", address)


@pytest.fixture(scope="module")
def delivery(deploy: DeploymentMaker) -> Delivery:
    return Delivery(deploy())


class TestProviders:
    def test_the_second_delivers_when_the_first_is_down(self, delivery: Delivery) -> None:
        with delivery.second.opened() as second:
            delivery.enqueue("failover@example.com")
            until(lambda: delivery.job("failover@example.com")["done_at"], "the delivery")
            assert second.recipients.count("failover@example.com") == 1
        assert delivery.attempts("failover@example.com") == [("smtp", "unavailable"), ("smtp_secondary", "delivered")]
        job = delivery.job("failover@example.com")
        assert (job["payload"], job["last_error"], job["attempts"]) == ({}, None, 1)

    def test_with_both_down_a_mail_waits_for_either(self, delivery: Delivery) -> None:
        delivery.enqueue(address := "patient@example.com")
        until(lambda: len(delivery.attempts(address)) >= 4, "a second try")
        job = delivery.job(address)
        assert (job["done_at"], job["dead_at"]) == (None, None)
        assert "sealed" in job["payload"]
        assert "ProviderUnavailable" in job["last_error"]
        with delivery.first.opened() as first:
            until(lambda: delivery.job(address)["done_at"], "the delivery")
            assert first.recipients.count(address) == 1
        failed = [("smtp", "unavailable"), ("smtp_secondary", "unavailable")]
        *before, last = delivery.attempts(address)
        assert before[:4] == failed * 2
        assert last == ("smtp", "delivered")
        assert_backed_off(delivery, address)

    def test_a_refused_recipient_stays_as_a_dead_letter(self, delivery: Delivery) -> None:
        with delivery.first.opened(), delivery.second.opened() as second:
            delivery.enqueue(REFUSED)
            until(lambda: delivery.job(REFUSED)["dead_at"], "the dead letter")
            assert REFUSED not in second.recipients
        assert delivery.attempts(REFUSED) == [("smtp", "rejected")]
        job = delivery.job(REFUSED)
        assert "ProviderRejected" in job["last_error"]
        assert "sealed" in job["payload"]


def assert_backed_off(delivery: Delivery, address: str) -> None:
    """At least a second after the first failure, two after the second: half of 2 and of 4."""
    query = (
        "SELECT extract(epoch FROM started_at)::float AS at FROM email_deliveries d JOIN outbox o ON o.id = d.job_id"
        " WHERE o.correlation_id = %s AND provider = 'smtp' ORDER BY started_at"
    )
    with delivery.biore.tables() as tables:
        first, second, third, *_ = (row["at"] for row in tables.rows(query, address))
    assert second - first >= 1
    assert third - second >= 2


def workers_of(pid: int) -> list[int]:
    """Children of ``biore serve`` that are workers."""
    try:
        children = psutil.Process(pid).children(recursive=True)
        return [child.pid for child in children if "worker" in child.cmdline()]
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def family_of(pid: int) -> list[int]:
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def postmaster_of(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])


@pytest.fixture
def embedded(embedded_dir: Path) -> Iterator[Biore]:
    """``biore serve`` as ``make run`` starts it: a worker and PostgreSQL beside the API."""
    with Biore(embedded_dir) as biore:
        yield biore


class TestServe:
    def test_a_killed_worker_comes_back_and_a_signal_ends_everything(self, embedded: Biore) -> None:
        (worker,) = until(lambda: workers_of(embedded.server.pid), "a worker")
        os.kill(worker, signal.SIGKILL)
        (successor,) = until(lambda: [p for p in workers_of(embedded.server.pid) if p != worker], "its successor")
        with embedded.client() as visitor:
            visitor.sign_up("ada@example.com")
        family, postmaster = family_of(embedded.server.pid), postmaster_of(embedded.data_dir)
        assert successor in family
        embedded.server.terminate()
        assert embedded.server.wait() == 0, embedded.server.output
        assert not [pid for pid in (*family, postmaster) if alive(pid)]
        assert "Traceback" not in embedded.server.output

    def test_ctrl_c_ends_everything_and_the_data_stays(self, embedded: Biore) -> None:
        with embedded.client() as visitor:
            visitor.sign_up("ada@example.com")
        family, postmaster = family_of(embedded.server.pid), postmaster_of(embedded.data_dir)
        embedded.server.interrupt()
        assert embedded.server.wait() == 0, embedded.server.output
        assert not [pid for pid in (*family, postmaster) if alive(pid)]
        assert "Traceback" not in embedded.server.output
        embedded.serve("--no-worker")
        with embedded.client() as visitor:
            visitor.sign_in("ada@example.com")

    def test_nothing_outlives_a_killed_parent_but_the_data(self, embedded_dir: Path, work_dir: Path) -> None:
        with RedisServer(work_dir) as redis, Biore(embedded_dir, "--workers", "2", redis_url=redis.url) as biore:
            until(lambda: workers_of(biore.server.pid), "a worker")
            family = family_of(biore.server.pid)
            assert len(family) >= 4
            biore.server.kill()
            until(lambda: not [pid for pid in family if alive(pid)], "the end of workers and API processes")
            postmaster = postmaster_of(embedded_dir)
            again = biore.serve("--no-worker")  # takes over the PostgreSQL that was left behind, and ends it
            again.terminate()
            assert again.wait() == 0
            assert not alive(postmaster)
