"""Everybody is told of a new version of a legal text, whatever becomes of the workers."""

from datetime import UTC, datetime, timedelta

import pytest

from runtime.compose import Parts
from tests.harness import Tables
from tests.processes.biore import Deployment, until
from tests.processes.conftest import DeploymentMaker

PEOPLE = 1500
ACCOUNTS = """
INSERT INTO users (id, email, email_verified)
    SELECT gen_random_uuid(), 'person-' || n || '@example.com', true FROM generate_series(1, %s) n
"""
CONSENTS = """
INSERT INTO consent_records (id, user_id, kind, version, granted)
    SELECT gen_random_uuid(), id, 'terms', '1.0', true FROM users
"""
WALKING = "SELECT 1 FROM outbox WHERE topic = 'legal.tell' AND done_at IS NULL"
HURRY = "UPDATE outbox SET available_at = now() WHERE topic = 'legal.tell' AND done_at IS NULL AND lease IS NULL"
# A kill comes in the middle of a batch.
SLOW = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.002); RETURN NEW; END $$"
SLOWLY = """
CREATE TRIGGER slow BEFORE INSERT ON outbox FOR EACH ROW WHEN (NEW.topic = 'email.legal_changed')
    EXECUTE FUNCTION slow()
"""


@pytest.fixture
def biore(deploy: DeploymentMaker) -> Deployment:
    return deploy()


def announce(biore: Deployment) -> None:
    async def publish(parts: Parts) -> None:
        now = datetime.now(UTC)
        async with parts.database.unit() as db:
            await db.legal.announce(
                "terms", "2.0", now + timedelta(days=30), requires_consent=True, summary="Refunds.", now=now
            )

    biore.with_parts(publish)


def told(tables: Tables) -> int:
    return tables.count("legal_notices")


def hurried(tables: Tables, goal: int) -> bool:
    """Whether so many were told; no batch waits for its time."""
    tables.run(HURRY)
    return told(tables) >= goal or not tables.rows(WALKING)


def test_killing_workers_leaves_out_nobody_and_tells_nobody_twice(biore: Deployment) -> None:
    with biore.tables() as tables:
        tables.run(ACCOUNTS, PEOPLE)
        for statement in (CONSENTS, SLOW, SLOWLY):
            tables.run(statement)
        announce(biore)
        steady = biore.start("worker", "--lease-seconds", "1")
        for goal in (1, PEOPLE // 3, PEOPLE // 2):
            mortal = biore.start("worker", "--lease-seconds", "1")
            until(lambda goal=goal: hurried(tables, goal), "people that were told")  # type: ignore[misc]
            mortal.kill()
        steady.kill()
        biore.start("worker", "--lease-seconds", "1")
        until(lambda: hurried(tables, PEOPLE) and not tables.rows(WALKING), "the end of the walk", 60)
        assert told(tables) == PEOPLE
        left = tables.one("SELECT count(*) AS n FROM outbox WHERE topic = 'email.legal_changed'")
        assert left == {"n": PEOPLE}
        assert tables.one("SELECT told_at IS NOT NULL AS ended FROM legal_versions") == {"ended": True}
