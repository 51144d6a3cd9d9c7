"""``biore audit`` and ``biore jobs``: what must work while the web does not."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from domain.config_keys import InvalidConfig
from runtime.cli import cli
from tests.conftest import SECRET
from tests.handlers.support import audited, insert
from tests.harness import Server, Tables

TOPIC = "email.verify_address"
NOW = datetime.now(UTC)
REASON = ("--reason", "the mail server is back")


class Shell:
    """Of the deployment that ``server`` belongs to."""

    def __init__(self, server: Server, data_dir: Path) -> None:
        values = {"DATABASE_URL": server.database_url, "SECRET_KEY": SECRET, "DATA_DIR": str(data_dir)}
        self._environment = {f"BIORE_{name}": value for name, value in values.items()}

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(cli, [*arguments], env=self._environment)

    def said(self, *arguments: str) -> list[str]:
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return [line for line in result.output.splitlines() if line]

    def refused(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert isinstance(result.exception, InvalidConfig), result.output
        return str(result.exception)


@pytest.fixture
def shell(server: Server, tmp_path: Path) -> Shell:
    return Shell(server, tmp_path)


def seal(server: Server, tables: Tables) -> None:
    insert(tables, "audit_logs", action="a", result="success")
    server.let_time_come("audit.seal")


class TestAudit:
    def test_a_log_as_it_was(self, shell: Shell, server: Server, tables: Tables, tmp_path: Path) -> None:
        assert "nothing is sealed yet" in shell.refused("audit", "head")
        seal(server, tables)
        (line,) = [line for line in shell.said("audit", "head") if line.startswith("{")]
        assert json.loads(line)["number"] == 1
        head = tmp_path / "head.json"
        head.write_text(line)
        seal(server, tables)
        assert shell.said("audit", "verify", "--head", str(head))[-1] == "ok  2 entries below 2 seals are as they were."
        assert shell.said("audit", "verify", "--since", "2999-01-01")[-1].startswith("ok  0 entries")

    def test_one_that_was_changed(self, shell: Shell, server: Server, tables: Tables) -> None:
        for _ in range(2):
            seal(server, tables)
        tables.run("SET session_replication_role = replica")
        try:
            tables.run(
                "UPDATE audit_logs SET action = 'b' WHERE id IN (SELECT row_id FROM audit_sealed WHERE number = 2)"
            )
        finally:
            tables.run("SET session_replication_role = origin")
        result = shell.run("audit", "verify")
        assert (result.exit_code, "FAIL  seal 2 is wrong (DIGEST); 1 entries below 1 seals" in result.output) == (
            1,
            True,
        )

    def test_one_whose_end_was_cut_off(self, shell: Shell, server: Server, tables: Tables, tmp_path: Path) -> None:
        for _ in range(2):
            seal(server, tables)
        head = tmp_path / "head.json"
        head.write_text(next(line for line in shell.said("audit", "head") if line.startswith("{")))
        tables.run("SET session_replication_role = replica")
        try:
            for table in ("audit_sealed", "audit_seals"):
                tables.run(f"DELETE FROM {table} WHERE number = 2")  # noqa: S608
        finally:
            tables.run("SET session_replication_role = origin")
        assert shell.run("audit", "verify").exit_code == 0
        result = shell.run("audit", "verify", "--head", str(head))
        assert (result.exit_code, "seal 2 is wrong (MISSING)" in result.output) == (1, True)

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"number": "1", "key_id": "a", "digest": "b", "at": "c"}'])
    def test_what_is_no_head_is_told(self, shell: Shell, tmp_path: Path, text: str) -> None:
        file = tmp_path / "head.json"
        file.write_text(text)
        assert str(file) in shell.refused("audit", "verify", "--head", str(file))


class TestJobs:
    def dead(self, tables: Tables, **columns: Any) -> UUID:
        given = {"topic": TOPIC, "payload": {"sealed": "00.ff"}, "dead_at": NOW, "last_error": "of ada@example.com"}
        return insert(tables, "outbox", **(given | columns))

    def test_dead_ones_are_listed_without_secrets(self, shell: Shell, tables: Tables) -> None:
        job_id = self.dead(tables)
        self.dead(tables, topic="email.password_changed")
        (line,) = [line for line in shell.said("jobs", "dead", "--topic", TOPIC) if line.startswith("{")]
        told = json.loads(line)
        assert (told["id"], told["payload"], told["lastError"]) == (str(job_id), {}, "of (hidden)")

    def test_are_retried(self, shell: Shell, tables: Tables) -> None:
        first, other = self.dead(tables), self.dead(tables, topic="email.password_changed")
        assert shell.said("jobs", "retry", str(first), *REASON)[-1].startswith("1 of 1 jobs")
        assert shell.said("jobs", "retry", str(first), *REASON)[-1].startswith("0 of 1 jobs")
        span = ("--since", "2026-01-01", "--until", "2999-01-01T00:00:00Z")
        assert shell.said("jobs", "retry", "--topic", "email.password_changed", *span, *REASON)[-1].startswith("1 of 1")
        assert tables.rows("SELECT id FROM outbox WHERE dead_at IS NOT NULL") == []
        by_id, _, by_topic = audited(tables, "admin.jobs.act")
        told = {"by": "cli", "act": "RETRY", "jobs": 1}
        assert (by_id["actor_id"], by_id["reason"], by_id["details"]) == (None, REASON[1], told | {"ids": [str(first)]})
        assert (by_topic["target_id"], by_topic["details"]["ids"]) == ("email.password_changed", [str(other)])

    def test_are_discarded(self, shell: Shell, tables: Tables) -> None:
        self.dead(tables)
        shell.said("jobs", "discard", "--topic", TOPIC, *REASON)
        row = tables.one("SELECT discarded_at IS NOT NULL AS gone, discarded_by, discard_reason, payload FROM outbox")
        assert row == {"gone": True, "discarded_by": None, "discard_reason": REASON[1], "payload": {}}

    def test_what_people_are_owed_is_not_discarded(self, shell: Shell, tables: Tables) -> None:
        job_id = self.dead(tables, topic="gdpr.erase")
        assert "gdpr.erase cannot be discarded" in shell.refused("jobs", "discard", str(job_id), *REASON)
        assert len(tables.rows("SELECT id FROM outbox WHERE discarded_at IS NULL")) == 1

    def test_it_must_be_said_which(self, shell: Shell, tables: Tables) -> None:
        job_id = self.dead(tables)
        for which in ((), (str(job_id), "--topic", TOPIC)):
            assert "either ids of jobs, or --topic" in shell.refused("jobs", "retry", *which, *REASON)
