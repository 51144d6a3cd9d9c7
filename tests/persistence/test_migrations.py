"""Migrations beside running nodes: who stays ready, who waits for whom, and what each revision says of that."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, event

from contract.loader import ROOT
from persistence.migrate import FOLDER, LOCK_TIMEOUT, Locked, alembic_config, disorder, newest, upgrade
from tests.conftest import Databases
from tests.handlers.support import insert, until, waiting_for_locks
from tests.harness import Server, Tables
from tests.test_architecture import ROOMS

SMS_DELIVERIES = "0021"
SINCE = SMS_DELIVERIES  # the first revision that says how the previous release gets on with it
BEFORE = f"{int(newest()) - 1:04}"
SMALL = {"reserved_usernames"}  # names that we chose ourselves
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
        with pytest.raises(Locked, match="longer than 50ms; migrate again to go on"):
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


class TestOrder:
    """What two people add at the same time is told before it is built, not by the first node that migrates."""

    def told(self, folder: Path, *files: tuple[str, str, str | None]) -> list[str]:
        for name, revision, parent in files:
            (folder / f"{name}.py").write_text(f'revision = "{revision}"\ndown_revision = {parent!r}\n')
        return disorder(folder)

    def test_ours_is_one_line(self) -> None:
        assert disorder() == []

    def test_two_of_one_number_are_told_with_both_names(self, tmp_path: Path) -> None:
        files = ("0001_a", "0001", None), ("0002_b", "0002", "0001"), ("0002_c", "0002", "0001")
        assert self.told(tmp_path, *files) == [
            "0002_b.py and 0002_c.py have one number", "0002_b.py and 0002_c.py both follow 0001",
        ]  # fmt: skip

    def test_two_heads_are_told_with_both_names(self, tmp_path: Path) -> None:
        files = ("0001_a", "0001", None), ("0002_b", "0002", "0001"), ("0003_c", "0003", "0001")
        assert self.told(tmp_path, *files) == ["0002_b.py and 0003_c.py both follow 0001"]

    def test_a_file_that_was_renamed_alone_is_told(self, tmp_path: Path) -> None:
        files = ("0001_a", "0001", None), ("0003_b", "0002", "0001"), ("0004_c", "0004", "0003")
        assert self.told(tmp_path, *files) == [
            "0003_b.py has the number 0002", "0004_c.py follows 0003, which is nowhere",
        ]  # fmt: skip

    def test_a_check_fails_by_it(self, tmp_path: Path) -> None:
        """In a copy of the code with another revision of the same number."""
        for room in ROOMS:
            shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
        ours = max((tmp_path / "persistence" / "migrations" / "versions").glob("[0-9]*.py"))
        shutil.copy(ours, ours.with_name(f"{newest()}_another.py"))
        command = [sys.executable, "-c", "from runtime.cli import main; main()", "spec", "build", "--check"]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ran.returncode == 1
        assert f"{newest()}_another.py and {ours.name} have one number" in ran.stderr


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


def test_no_index_is_built_while_others_wait_for_its_table(databases: Databases) -> None:
    """CONCURRENTLY, but for tables that the revision itself made, or that are small for good."""
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        upgrade(databases.empty())
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    made, held = set(SMALL), []
    for statement in said:
        if "alembic_version" in statement:
            made = set(SMALL)
        elif table := re.match(r"\s*CREATE TABLE (\w+)", statement):
            made.add(table[1])
        elif (index := re.match(r"\s*CREATE (?:UNIQUE )?INDEX (\w+) ON (\w+)", statement)) and index[2] not in made:
            held.append(index[0])
    assert held == []
    assert any("INDEX CONCURRENTLY" in statement for statement in said)


def test_who_adds_jobs_does_not_wait_for_the_lanes(databases: Databases) -> None:
    """Nor for the indexes, while these wait for a transaction that is older than they are."""
    url = databases.empty()
    command.upgrade(alembic_config(url), "0021")
    with ThreadPoolExecutor(1) as beside, psycopg.connect(url) as older, Tables(url) as tables:
        older.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        older.execute("SELECT FROM alembic_version")  # what it sees must stay until it ends
        migration = beside.submit(upgrade, url, lock_timeout="50ms")
        waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND starts_with(query, %s)"
        until(lambda: tables.rows(waiting, "CREATE INDEX CONCURRENTLY") or migration.done())
        assert not migration.done()
        tables.run("SET lock_timeout = '1s'")
        insert(tables, "outbox", topic="email.reset_password", payload={})
        older.rollback()
        migration.result()
        assert tables.one("SELECT version_num FROM alembic_version") == {"version_num": newest()}


NUMBERED = "('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid"
OF_ONE = f"(id, user_id, {{}}) SELECT {NUMBERED}, u.id, {{}} FROM users u, generate_series(1, 1500) n"  # noqa: S608
LAST = "00000000-0000-4000-8000-000000001500"


@pytest.mark.parametrize(
    ("revision", "table", "columns", "values", "changed"),
    [
        ("0061", "referral_links", "code, created_at", "n, '2026-01-01'", "active"),
        ("0062", "social_accounts", "platform, platform_user_id", "n, n", "signs_in"),
    ],
)
def test_nobody_waits_while_many_rows_are_changed(
    databases: Databases, revision: str, table: str, columns: str, values: str, changed: str
) -> None:
    """But for those of the batch that is under way."""
    url = databases.empty()
    command.upgrade(alembic_config(url), f"{int(revision) - 1:04}")
    with ThreadPoolExecutor(1) as beside, psycopg.connect(url) as holder, Tables(url) as tables:
        insert(tables, "users", email="ada@example.com")
        tables.run(f"INSERT INTO {table} {OF_ONE.format(columns, values)}")
        body = "BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END"
        tables.run(f"CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
        late = f"WHEN (OLD.id = '{LAST}') EXECUTE FUNCTION slow()"
        tables.run(f"CREATE TRIGGER slow BEFORE UPDATE ON {table} FOR EACH ROW {late}")
        holder.execute("SELECT pg_advisory_lock(7)")
        migration = beside.submit(command.upgrade, alembic_config(url), revision)
        until(lambda: waiting_for_locks(tables) or migration.done())
        assert not migration.done()
        tables.run("SET lock_timeout = '1s'")
        tables.run(f"UPDATE {table} SET created_at = created_at WHERE id < %s", LAST[:-4] + "1000")  # noqa: S608
        holder.execute("SELECT pg_advisory_unlock(7)")
        holder.commit()
        migration.result()
        left = tables.one(f"SELECT count(*) AS n FROM {table} WHERE {changed}")  # noqa: S608
        assert left["n"] == (1 if revision == "0061" else 0)


def test_what_broke_off_is_done_anew(databases: Databases) -> None:
    """An index that is not whole is built again; one that somebody built before is kept."""
    url = databases.empty()
    command.upgrade(alembic_config(url), "0021")
    with Tables(url) as tables:
        tables.run("ALTER TABLE outbox ADD COLUMN lane smallint DEFAULT 1 NOT NULL")
        for name, columns in (("ix_outbox_lane", "lane, available_at"), ("ix_outbox_leased", "leased_until")):
            tables.run(f"CREATE INDEX {name} ON outbox ({columns})")
        tables.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_outbox_lane'::regclass")
        state = "SELECT indisvalid, oid FROM pg_index JOIN pg_class ON oid = indexrelid WHERE relname = %s"
        broken, whole = (tables.one(state, name) for name in ("ix_outbox_lane", "ix_outbox_leased"))
        upgrade(url)
        built = tables.one(state, "ix_outbox_lane")
        assert built["indisvalid"]
        assert built["oid"] != broken["oid"]
        assert tables.one(state, "ix_outbox_leased") == whole


def test_every_revision_can_be_begun_anew_up_to_where_it_commits(databases: Databases) -> None:
    """As after a loss of the connection: the schema has it, the version has not."""
    url = databases.empty()
    for revision in sorted(SCRIPTS):
        command.upgrade(alembic_config(url), revision)
        if not re.search(r"committed\(\)|in_batches\(", Path(SCRIPTS[revision].path).read_text()):
            continue
        with Tables(url) as tables:
            tables.run("UPDATE alembic_version SET version_num = %s", SCRIPTS[revision].down_revision)
        command.upgrade(alembic_config(url), revision)


def test_the_first_list_of_categories_has_what_creators_have(databases: Databases) -> None:
    url = databases.empty()
    (before,) = [each.down_revision for each in SCRIPTS.values() if "categories_of_creators" in each.path]
    command.upgrade(alembic_config(url), str(before))
    with Tables(url) as tables:
        user_id = insert(tables, "users", email="ada@example.com")
        creator_id = insert(tables, "creator_profiles", user_id=user_id)
        for slug in ("music", "video-games"):
            tables.run("INSERT INTO creator_categories VALUES (%s, %s)", creator_id, slug)
        upgrade(url)
        rows = tables.rows("SELECT slug, name, active FROM discover_categories ORDER BY sort_order, slug")
    assert (len(rows), rows[-1]) == (21, {"slug": "video-games", "name": "Video Games", "active": True})
