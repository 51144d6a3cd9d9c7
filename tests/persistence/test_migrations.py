"""Migrations beside running nodes: who stays ready, who waits for whom, and what each revision says of that."""

import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory

from persistence.migrate import FOLDER, LOCK_TIMEOUT, Locked, alembic_config, newest, upgrade
from tests.conftest import Databases
from tests.handlers.support import insert
from tests.harness import Server, Tables

SMS_DELIVERIES = "0021"
SINCE = SMS_DELIVERIES  # the first revision that says how the previous release gets on with it
BEFORE = f"{int(newest()) - 1:04}"
SCRIPTS = {script.revision: script for script in ScriptDirectory(str(FOLDER)).walk_revisions()}


def ready(server: Server) -> int:
    with server.client() as client:
        return client.get("/health/ready").status_code


def test_a_node_is_ready_unless_the_schema_is_behind_its_code(
    start_server: Callable[..., Server], databases: Databases
) -> None:
    server = start_server(databases.migrated())
    assert ready(server) == 200
    with Tables(server.database_url) as tables:
        for version, status in (("9999", 200), (BEFORE, 503), (newest(), 200)):
            tables.run("UPDATE alembic_version SET version_num = %s", version)
            assert ready(server) == status, version
        tables.run("DELETE FROM alembic_version")
        assert ready(server) == 503


def test_a_migration_does_not_wait_long_for_a_lock(databases: Databases) -> None:
    url = databases.empty()
    command.upgrade(alembic_config(url), "0018")
    with psycopg.connect(url) as holder, Tables(url) as tables:
        holder.execute("SELECT FROM users")  # 0019 adds a constraint
        with pytest.raises(Locked, match="longer than 50ms: nothing was changed"):
            upgrade(url, lock_timeout="50ms")
        assert tables.one("SELECT version_num FROM alembic_version") == {"version_num": "0018"}
        holder.rollback()
        upgrade(url, lock_timeout="50ms")
        assert tables.one("SELECT version_num FROM alembic_version") == {"version_num": newest()}


def test_the_wait_is_documented() -> None:
    seconds = LOCK_TIMEOUT.removesuffix("s")
    assert f"waits {seconds} seconds for each lock" in (FOLDER.parent.parent / "docs" / "operations.md").read_text()


def test_revisions_can_be_compared() -> None:
    """As texts: that is how a node knows an older schema from a newer one."""
    assert all(re.fullmatch(r"\d{4}", revision) for revision in SCRIPTS)
    assert [script.down_revision for script in SCRIPTS.values()] == [*list(SCRIPTS)[1:], None]


@pytest.mark.parametrize("revision", [revision for revision in SCRIPTS if revision >= SINCE])
def test_a_revision_says_how_the_previous_release_gets_on_with_it(revision: str) -> None:
    said = getattr(SCRIPTS[revision].module, "previous_release", "")
    assert said.strip(), f'{SCRIPTS[revision].path}: previous_release = "…", see persistence/migrations/script.py.mako'


def test_a_new_revision_is_asked(tmp_path: Path) -> None:
    """The template leaves it empty, so that the test above fails until its author has thought about it."""
    (tmp_path / "versions").mkdir()
    for name in ("env.py", "script.py.mako"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    script = ScriptDirectory(str(tmp_path)).generate_revision("0001", "Nothing.", head="base")
    assert script is not None
    assert script.module.previous_release == ""


def test_text_messages_that_were_noted_among_the_mails_are_moved(databases: Databases) -> None:
    url = databases.empty()
    command.upgrade(alembic_config(url), f"{int(SMS_DELIVERIES) - 1:04}")
    with Tables(url) as tables:
        attempt = {"provider": "p", "outcome": "delivered", "started_at": "2026-01-01"}
        jobs = {
            topic: insert(tables, "outbox", topic=topic, payload={}) for topic in ("sms.otp", "email.reset_password")
        }
        noted = {topic: insert(tables, "email_deliveries", job_id=job, **attempt) for topic, job in jobs.items()}
        upgrade(url)
        assert tables.rows("SELECT id, provider FROM sms_deliveries") == [{"id": noted["sms.otp"], "provider": "p"}]
        assert tables.rows("SELECT id FROM email_deliveries") == [{"id": noted["email.reset_password"]}]
