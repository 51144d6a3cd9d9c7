"""Recurring jobs among real workers: each due time once, none lost with its worker, none made up for."""

import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from tests.handlers.support import insert
from tests.harness import Tables
from tests.processes.biore import Deployment, until
from tests.processes.conftest import DeploymentMaker
from tests.providers.s3_server import s3_server

TOPIC = "housekeeping.forget_sessions"
RUNS = "SELECT correlation_id, done_at, attempts FROM outbox WHERE topic = %s AND correlation_id IS NOT NULL"


def paced(deploy: DeploymentMaker, **seconds: int) -> Deployment:
    """A deployment in which nothing recurs but what is told."""
    biore = deploy()
    biore.configure({f"schedule.{topic}.seconds": pace for topic, pace in seconds.items()})
    return biore


def due_times(tables: Tables, topic: str) -> list[str]:
    return [row["correlation_id"].partition("@")[2] for row in tables.rows(RUNS, topic)]


def postpone_others(tables: Tables, topic: str, due: datetime) -> None:
    tables.run("INSERT INTO scheduled_jobs (topic, next_due) VALUES (%s, %s)", topic, due)


class TestDueTimes:
    def test_of_two_workers_one_has_each(self, deploy: DeploymentMaker) -> None:
        biore = paced(deploy, **{TOPIC: 1})
        with biore.tables() as tables:
            workers = [biore.start("worker", log_level="debug") for _ in range(2)]
            until(lambda: len(due_times(tables, TOPIC)) >= 8, "eight due times")
            times = due_times(tables, TOPIC)
        assert len(set(times)) == len(times)
        taken = [
            worker.output.count(f"topic={TOPIC}") + worker.output.count(f'"topic": "{TOPIC}"') for worker in workers
        ]
        assert all(taken), "one worker had them all"

    def test_a_pause_is_caught_up_with_once(self, deploy: DeploymentMaker) -> None:
        biore = paced(deploy, **{TOPIC: 86400})
        with biore.tables() as tables:
            missed = datetime.now(UTC).replace(microsecond=0) - timedelta(days=40)
            postpone_others(tables, TOPIC, missed)
            biore.start("worker")
            until(lambda: any(row["done_at"] for row in tables.rows(RUNS, TOPIC)), "the job that was missed")
            row = tables.one("SELECT next_due, last_due FROM scheduled_jobs WHERE topic = %s", TOPIC)
            assert row["last_due"] == missed
            assert datetime.now(UTC) < row["next_due"] <= datetime.now(UTC) + timedelta(days=1)
            assert len(due_times(tables, TOPIC)) == 1

    def test_a_quicker_pace_holds_at_once(self, deploy: DeploymentMaker) -> None:
        biore = paced(deploy, **{TOPIC: 86400})
        with biore.tables() as tables:
            postpone_others(tables, TOPIC, datetime.now(UTC) + timedelta(hours=20))
            biore.start("worker")
            until(lambda: tables.rows("SELECT 1 FROM scheduled_jobs WHERE topic = 'gdpr.erase_due'"), "the scheduler")
            assert due_times(tables, TOPIC) == []
            biore.configure({f"schedule.{TOPIC}.seconds": 1})
            until(lambda: due_times(tables, TOPIC), "the next due time")


class TestDeath:
    def test_an_erasure_survives_the_worker_that_is_killed_in_it(self, deploy: DeploymentMaker) -> None:
        """While it deletes a file: begun, and not one row gone."""
        biore = paced(deploy, **{"gdpr.erase_due": 1})
        with s3_server() as vendor, biore.tables() as tables:
            biore.configure(vendor.configured())
            user_id = leaving(tables)
            key = f"avatars/{user_id}/{uuid4()}.png"
            vendor.files[key] = ("image/png", b"x")
            columns = {"kind": "avatar", "key": key, "provider": "s3", "content_type": "image/png", "max_bytes": 9}
            insert(tables, "uploads", user_id=user_id, expires_at=datetime.now(UTC), status="STORED", **columns)
            vendor.gate.clear()
            first = biore.start("worker", "--lease-seconds", "1")
            assert vendor.deleting.wait(30)
            first.kill()
            assert tables.one("SELECT email, status FROM users") == {"email": "ada@example.com", "status": "DELETED"}
            assert tables.one("SELECT status FROM gdpr_requests")["status"] == "PROCESSING"
            assert tables.count("uploads") == 1
            vendor.gate.set()
            biore.start("worker", "--lease-seconds", "1")
            completed = "SELECT 1 FROM gdpr_requests WHERE status = 'COMPLETED'"
            until(lambda: tables.rows(completed), "the erasure")
            assert [key for key in vendor.files if not key.startswith("audit/heads/")] == []
            assert tables.count("uploads") == 0
            assert tables.one("SELECT email FROM users")["email"].startswith("deleted_")
            done = "SELECT 1 FROM outbox WHERE topic = 'email.account_erased' AND done_at IS NOT NULL"
            until(lambda: tables.rows(done), "the farewell")
            mails = tables.rows("SELECT 1 FROM mailbox_messages WHERE recipient = 'ada@example.com'")
            assert len(mails) == 1

    def test_a_recurring_job_survives_the_worker_that_is_killed_in_it(self, deploy: DeploymentMaker) -> None:
        biore = paced(deploy, **{TOPIC: 86400})
        with biore.tables() as tables, biore.tables() as holder:
            insert(tables, "sessions", user_id=uuid4(), last_active_at=LONG_AGO, expires_at=LONG_AGO)
            holder.run("BEGIN")
            holder.run("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE")  # so that the job cannot go on
            first = biore.start("worker", "--lease-seconds", "1")
            until(lambda: tables.rows(RUNS + " AND attempts > 0", TOPIC), "the job under way")
            first.kill()
            biore.start("worker", "--lease-seconds", "1")
            until(lambda: tables.rows(RUNS + " AND attempts > 1", TOPIC), "the job taken over")
            holder.run("ROLLBACK")
            until(lambda: any(row["done_at"] for row in tables.rows(RUNS, TOPIC)), "its end")
            assert tables.count("sessions") == 0
            assert len(due_times(tables, TOPIC)) == 1


LONG_AGO = datetime.fromtimestamp(time.time() - 30 * 86400, UTC)


def leaving(tables: Tables) -> object:
    """An account whose grace has ended."""
    user_id = insert(tables, "users", email="ada@example.com", status="DEACTIVATED", email_verified=True, locale="en")
    insert(tables, "gdpr_requests", user_id=user_id, kind="DELETION", grace_ends_at=LONG_AGO)
    return user_id
