"""The audit trail only grows, and only with what really happened."""

import asyncio
from uuid import uuid4

import psycopg
import pytest

from domain.users import Trace
from tests.conftest import Databases
from tests.harness import Tables, bare_database

TRACE = Trace("mine", "192.0.2.0/24")
RECORD = "INSERT INTO audit_logs (id, action, result) VALUES (%s, 'x', 'success')"


@pytest.fixture(scope="module")
def url(databases: Databases) -> str:
    return databases.migrated()


@pytest.fixture
def trail(url: str) -> Tables:
    tables = Tables(url)
    tables.empty()
    return tables


class TestAppendOnly:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit_logs SET result = 'failure'",
            "UPDATE audit_logs SET created_at = now()",
            "DELETE FROM audit_logs",
            "DELETE FROM audit_logs WHERE action = 'x'",
            "INSERT INTO audit_logs (id, action, result) SELECT id, 'y', 'z' FROM audit_logs "
            "ON CONFLICT (id) DO UPDATE SET action = 'y'",
        ],
    )
    def test_the_database_refuses_changes(self, trail: Tables, statement: str) -> None:
        with trail:
            trail.run(RECORD, uuid4())
            before = trail.fingerprints()["audit_logs"]
            with pytest.raises(psycopg.errors.RaiseException, match="audit_logs is append-only"):
                trail.run(statement)
            assert trail.fingerprints()["audit_logs"] == before

    def test_further_entries_are_welcome(self, trail: Tables) -> None:
        with trail:
            assert trail.run(RECORD, uuid4()) == trail.run(RECORD, uuid4()) == 1
            assert trail.count("audit_logs") == 2


class TestRecord:
    def record(self, url: str, *, fail: bool = False) -> None:
        async def run() -> None:
            database = bare_database(url)
            try:
                async with database.unit(TRACE) as db:
                    await db.audit.record("auth.login.failure", result="failure", target="7", reason="x", subject="ab")
                    if fail:
                        raise LookupError
            finally:
                await database.close()

        asyncio.run(run())

    def test_tells_what_and_leads_to_the_call(self, trail: Tables, url: str) -> None:
        with trail:
            self.record(url)
            entry = trail.one("SELECT * FROM audit_logs")
        assert entry["created_at"].tzinfo is not None
        told = {name: value for name, value in entry.items() if name not in ("id", "created_at")}
        assert told == {
            "action": "auth.login.failure",
            "result": "failure",
            "actor_id": None,
            "target_id": "7",
            "correlation_id": "mine",
            "ip_prefix": "192.0.2.0/24",
            "role": None,
            "reason": "x",
            "before": None,
            "after": None,
            "details": {"subject": "ab"},
        }

    def test_goes_with_its_transaction(self, trail: Tables, url: str) -> None:
        with trail:
            with pytest.raises(LookupError):
                self.record(url, fail=True)
            assert trail.count("audit_logs") == 0
