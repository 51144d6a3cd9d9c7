"""The audit log shows what was changed in it: whatever was, and however many wrote and sealed at the time."""

import asyncio
import json
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from domain.admin.sealing import MOST_ROWS, Bad, Fault, Head, Verified
from domain.users import Trace
from services.audit.seals import AuditSeals
from services.keyring import Keyring
from tests.handlers.support import insert, until
from tests.harness import Tables, bare_database

T = TypeVar("T")

KEYRING = Keyring(("a-secret-of-these-tests-0123456789-abc",))
OTHER_KEYRING = Keyring(("another-secret-of-these-tests-987654321",))
WRITERS = 8
SAVED = ("audit_logs", "audit_seals", "audit_sealed")
MANY = """
INSERT INTO audit_logs (id, action, result, details)
SELECT gen_random_uuid(), 'x', 'y', %s FROM generate_series(1, %s)
"""
RECOUNT = "UPDATE audit_seals s SET rows = (SELECT count(*) FROM audit_sealed t WHERE t.number = s.number)"
KEYS = """
ALTER TABLE audit_seals ADD CONSTRAINT pk_audit_seals PRIMARY KEY (number);
ALTER TABLE audit_sealed ADD CONSTRAINT fk_audit_sealed_number FOREIGN KEY (number) REFERENCES audit_seals (number)
"""


def with_seals(url: str, use: Callable[[AuditSeals], Awaitable[T]], keyring: Keyring = KEYRING) -> T:
    async def run() -> T:
        database = bare_database(url)
        try:
            return await use(AuditSeals(database, keyring))
        finally:
            await database.close()

    return asyncio.run(run())


def seal(url: str) -> int:
    return with_seals(url, lambda seals: seals.seal_recent())


def verified(url: str, head: Head | None = None, **options: Any) -> Verified:
    return with_seals(url, lambda seals: seals.verify(head=head, **options))


def head_of(url: str) -> Head:
    head = with_seals(url, lambda seals: seals.head())
    assert head is not None
    return head


def entry(rows: Tables, **columns: Any) -> UUID:
    return insert(rows, "audit_logs", **({"action": "a.b", "result": "success"} | columns))


def small(rows: Tables, url: str) -> None:
    """Three seals over five entries, of which some have all columns."""
    for number in range(2):
        details = {"n": 1.50, "nested": {"list": [None, True, "é"]}}
        full = {"actor_id": uuid4(), "target_id": f"t{number}", "correlation_id": "c", "ip_prefix": "192.0.2.0/24"}
        entry(rows, details=details, **full)
        entry(rows)
        assert seal(url) == 2
    entry(rows, target_id="")
    assert seal(url) == 1


@contextmanager
def tampering(rows: Tables) -> Iterator[None]:
    """As somebody who owns the database: no trigger, no foreign key. Afterwards all is as it was."""
    for table in SAVED:
        rows.run(f"CREATE TEMPORARY TABLE saved_{table} AS TABLE {table}")
    rows.run("SET session_replication_role = replica")
    try:
        yield
    finally:
        for table in SAVED:
            rows.run(f"DELETE FROM {table}")  # noqa: S608
            rows.run(f"INSERT INTO {table} TABLE saved_{table}")
            rows.run(f"DROP TABLE saved_{table}")
        rows.run("SET session_replication_role = origin")


class TestSeal:
    def test_holds_what_was_committed_once(self, rows: Tables, database_url: str) -> None:
        assert seal(database_url) == 0
        first = entry(rows)
        assert seal(database_url) == 1
        assert seal(database_url) == 0
        assert rows.rows("SELECT row_id, number FROM audit_sealed") == [{"row_id": first, "number": 1}]
        found = verified(database_url)
        assert (found.ok, found.complete, found.checked, found.seals) == (True, True, 1, 1)
        assert found.head == head_of(database_url)

    def test_of_many_entries_there_are_several(self, rows: Tables, database_url: str) -> None:
        rows.run(MANY, "{}", MOST_ROWS + 1)
        assert seal(database_url) == MOST_ROWS + 1
        assert [row["rows"] for row in rows.rows("SELECT rows FROM audit_seals ORDER BY number")] == [MOST_ROWS, 1]
        assert verified(database_url).ok

    def test_what_is_committed_late_falls_into_a_later_one(self, rows: Tables, database_url: str) -> None:
        with psycopg.connect(database_url) as late:
            late.execute("INSERT INTO audit_logs (id, action, result) VALUES (gen_random_uuid(), 'late', 'y')")
            entry(rows)
            assert seal(database_url) == 1
            late.commit()
        assert seal(database_url) == 1
        numbers = "SELECT number FROM audit_sealed JOIN audit_logs ON id = row_id ORDER BY created_at"
        assert [row["number"] for row in rows.rows(numbers)] == [2, 1]
        assert verified(database_url).ok

    def test_what_took_more_than_an_hour_is_sealed_by_night(self, rows: Tables, database_url: str) -> None:
        entry(rows, created_at=datetime.now(UTC) - timedelta(hours=2))
        assert seal(database_url) == 0
        assert with_seals(database_url, lambda seals: seals.seal_left()) == 1
        assert verified(database_url).ok

    def test_a_column_that_is_added_later_changes_nothing(self, rows: Tables, database_url: str) -> None:
        small(rows, database_url)
        rows.run("ALTER TABLE audit_logs ADD COLUMN later text")
        try:
            assert verified(database_url).ok
            entry(rows, later="of a newer release")
            assert seal(database_url) == 1
            assert verified(database_url).ok
            with tampering(rows):
                rows.run("UPDATE audit_logs SET later = 'changed' WHERE later IS NOT NULL")
                assert verified(database_url).bad == Bad(4, Fault.DIGEST)
        finally:
            rows.empty()
            rows.run("ALTER TABLE audit_logs DROP COLUMN later")

    def test_the_database_keeps_seals_as_it_keeps_entries(self, rows: Tables, database_url: str) -> None:
        small(rows, database_url)
        for change in ("UPDATE audit_seals SET rows = 0", "DELETE FROM audit_seals", "DELETE FROM audit_sealed"):
            with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
                rows.run(change)


class TestRaces:
    def test_two_that_seal_at_once_make_no_fork(self, rows: Tables, database_url: str) -> None:
        """The second waits for the first, and leaves the rest to it."""
        entry(rows)
        with psycopg.connect(database_url) as first, ThreadPoolExecutor(1) as beside:
            first.execute("INSERT INTO audit_seals VALUES (1, 0, '', '', '', now())")
            second = beside.submit(seal, database_url)
            waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            until(lambda: rows.rows(waiting))
            first.commit()
            assert second.result() == 0
        assert rows.count("audit_sealed") == 0
        with tampering(rows):
            rows.run("DELETE FROM audit_seals")
            assert seal(database_url) == 1

    def test_verify_beside_eight_who_write_and_two_who_seal(self, rows: Tables, database_url: str) -> None:
        """Each with connections of its own; some commit late, some not at all."""
        written = 40

        def write(writer: int) -> None:
            with psycopg.connect(database_url) as connection:
                for number in range(written):
                    told = ("w", "ok", str(writer), json.dumps({"n": number}))
                    insertion = "INSERT INTO audit_logs (id, action, result, target_id, details)"
                    connection.execute(f"{insertion} VALUES (gen_random_uuid(), %s, %s, %s, %s)", told)
                    if number % 3:
                        connection.commit()
                connection.rollback() if writer % 2 else connection.commit()

        async def look(seals: AuditSeals) -> None:
            for _ in range(15):
                await seals.seal_recent()
                found = await seals.verify()
                assert found.ok, found.bad

        with ThreadPoolExecutor(WRITERS + 2) as beside:
            writers = [beside.submit(write, number) for number in range(WRITERS)]
            sealers = [beside.submit(with_seals, database_url, look) for _ in range(2)]
            for task in (*writers, *sealers):
                task.result()
        seal(database_url)
        found = verified(database_url)
        assert (found.ok, found.checked) == (True, rows.count("audit_logs"))
        assert found.checked > WRITERS * (written - 2)

    def test_what_is_sealed_meanwhile_is_not_taken_for_cut_off(self, rows: Tables, database_url: str) -> None:
        small(rows, database_url)

        async def look(seals: AuditSeals) -> None:
            await asyncio.gather(*(sealing(seals) for _ in range(2)), *(looking(seals) for _ in range(4)))

        async def sealing(seals: AuditSeals) -> None:
            for _ in range(20):
                async with seals._database.unit(Trace()) as db:
                    await db.audit.record("x")
                await seals.seal_recent()

        async def looking(seals: AuditSeals) -> None:
            for _ in range(20):
                assert (await seals.verify()).ok

        with_seals(database_url, look)


def bits(value: bytes) -> Iterator[bytes]:
    for at in range(len(value) * 8):
        changed = bytearray(value)
        changed[at // 8] ^= 1 << at % 8
        yield bytes(changed)


def changes_of(value: Any, kind: str) -> Iterator[str]:
    """The value with each of its bits changed, as a text; what the database would not take is left out."""
    if value is None:
        yield {"uuid": str(uuid4()), "jsonb": "{}"}.get(kind, "")
        return
    if kind == "uuid":
        yield from (str(UUID(bytes=changed)) for changed in bits(value.bytes))
    elif kind == "bytea":
        yield from (f"\\x{changed.hex()}" for changed in bits(value))
    elif kind == "timestamp with time zone":
        yield from (
            (value + sign * timedelta(microseconds=2**bit)).isoformat() for bit in range(50) for sign in (1, -1)
        )
    elif kind in ("bigint", "integer"):
        yield from (str(value ^ 2**bit) for bit in range(31))
    else:
        text = json.dumps(value, ensure_ascii=False) if kind == "jsonb" else value
        for changed in bits(text.encode()):
            try:
                told = changed.decode()
                if kind == "jsonb" and json.loads(told) == value:
                    continue  # a space that became another one says the same, and is stored the same
            except ValueError:
                continue
            if "\0" not in told:
                yield told


class TestTampering:
    def test_every_bit_that_is_changed_is_found(self, rows: Tables, database_url: str) -> None:
        small(rows, database_url)
        kinds = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"

        async def look(seals: AuditSeals) -> int:
            tried = 0
            for table in SAVED:
                for row in rows.rows(f"SELECT ctid::text AS place, * FROM {table} LIMIT 2"):  # noqa: S608
                    for column in rows.rows(kinds, table):
                        tried += await self.change_each_bit(seals, rows, table, row, **column)
            return tried

        with tampering(rows):
            assert with_seals(database_url, look) > 2000
        assert verified(database_url).ok

    async def change_each_bit(
        self, seals: AuditSeals, rows: Tables, table: str, row: Any, column_name: str, data_type: str
    ) -> int:
        """Row and column stand in the failure. The place of a row changes with it."""
        names = sql.Identifier(table), sql.Identifier(column_name)
        change = sql.SQL("UPDATE {} SET {} = {} WHERE ctid = {} RETURNING ctid::text AS place")
        connection, tried = rows._connection, 0
        for changed in changes_of(row[column_name], data_type):
            told = sql.Literal(changed) + sql.SQL(f"::{data_type}")
            try:
                done = connection.execute(change.format(*names, told, sql.Literal(row["place"]))).fetchone()
            except psycopg.errors.DataError:
                continue
            except psycopg.errors.UniqueViolation:
                continue  # the database itself refuses two of one number
            assert done is not None
            row["place"] = done["place"]
            assert not (await seals.verify()).ok, (table, column_name, row[column_name], changed)
            back = row[column_name]
            stored = sql.Literal(psycopg.types.json.Jsonb(back) if isinstance(back, dict) else back)
            done = connection.execute(change.format(*names, stored, sql.Literal(row["place"]))).fetchone()
            assert done is not None
            row["place"] = done["place"]
            tried += 1
        return tried

    @pytest.mark.parametrize("table", SAVED)
    def test_every_deletion_is_found(self, rows: Tables, database_url: str, table: str) -> None:
        """But for the last seal with all that it holds, which a head tells."""
        small(rows, database_url)
        key = {"audit_logs": "id", "audit_seals": "number", "audit_sealed": "row_id"}[table]
        for row in rows.rows(f"SELECT {key} AS key FROM {table}"):  # noqa: S608
            with tampering(rows):
                rows.run(f"DELETE FROM {table} WHERE {key} = %s", row["key"])  # noqa: S608
                assert not verified(database_url).ok, row
                seal(database_url)
                assert not verified(
                    database_url,
                ).ok, row
        assert verified(database_url).ok

    def test_every_entry_that_is_gone_without_a_trace_is_found(self, rows: Tables, database_url: str) -> None:
        small(rows, database_url)
        for row in rows.rows("SELECT id FROM audit_logs"):
            with tampering(rows):
                rows.run("DELETE FROM audit_logs WHERE id = %s", row["id"])
                rows.run("DELETE FROM audit_sealed WHERE row_id = %s", row["id"])
                rows.run(
                    "UPDATE audit_seals s SET rows = (SELECT count(*) FROM audit_sealed t WHERE t.number = s.number)"
                )
                assert not verified(database_url).ok

    @pytest.mark.parametrize(
        "swap",
        [
            "UPDATE audit_logs a SET created_at = b.created_at FROM audit_logs b WHERE a.id <> b.id AND {pair}",
            "UPDATE audit_logs a SET target_id = b.target_id, details = b.details FROM audit_logs b "
            "WHERE a.id <> b.id AND (a.target_id, b.target_id) IN (('t0', 't1'), ('t1', 't0'))",
            "UPDATE audit_seals SET number = CASE number WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE number END",
            "UPDATE audit_seals a SET digest = b.digest FROM audit_seals b WHERE a.number + b.number = 3",
            "UPDATE audit_sealed SET number = CASE number WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE number END",
        ],
    )
    def test_every_swap_is_found(self, rows: Tables, database_url: str, swap: str) -> None:
        small(rows, database_url)
        pair = "a.id IN (SELECT id FROM audit_logs ORDER BY created_at LIMIT 2) AND b.id IN ("
        pair += "SELECT id FROM audit_logs ORDER BY created_at LIMIT 2)"
        with tampering(rows):
            rows.run("ALTER TABLE audit_seals DROP CONSTRAINT pk_audit_seals CASCADE")
            assert rows.run(swap.format(pair=pair)) >= 2
            found = verified(database_url)
        rows.run(KEYS)
        assert not found.ok

    @pytest.mark.parametrize("kept", range(3))
    def test_an_end_that_was_cut_off_is_found_with_the_head(self, rows: Tables, database_url: str, kept: int) -> None:
        """Be it that others were sealed in its place."""
        small(rows, database_url)
        head = head_of(database_url)
        assert verified(database_url, head).ok
        with tampering(rows):
            rows.run("DELETE FROM audit_logs WHERE id IN (SELECT row_id FROM audit_sealed WHERE number > %s)", kept)
            rows.run("DELETE FROM audit_sealed WHERE number > %s", kept)
            rows.run("DELETE FROM audit_seals WHERE number > %s", kept)
            assert verified(database_url).ok
            assert verified(database_url, head).bad == Bad(kept + 1, Fault.MISSING)
            for _ in range(3 - kept):
                entry(rows)
                seal(database_url)
            assert verified(database_url).ok
            assert verified(database_url, head).bad == Bad(3, Fault.HEAD)

    def test_who_does_not_know_the_secret_makes_no_chain(self, rows: Tables, database_url: str) -> None:
        """A whole log that was rewritten, with a chain of its own."""
        small(rows, database_url)
        head = head_of(database_url)
        with tampering(rows):
            for table in reversed(SAVED):
                rows.run(f"DELETE FROM {table}")  # noqa: S608
            entry(rows)
            with_seals(database_url, lambda seals: seals.seal_recent(), OTHER_KEYRING)
            assert verified(database_url, head).bad == Bad(1, Fault.KEY)
            rows.run("UPDATE audit_seals SET key_id = %s", KEYRING.current)
            assert verified(database_url, head).bad == Bad(1, Fault.DIGEST)


class TestVerify:
    def test_a_part_must_follow_what_was_before_it(self, rows: Tables, database_url: str) -> None:
        small(rows, database_url)
        second, third = (row["at"] for row in rows.rows("SELECT at FROM audit_seals ORDER BY number OFFSET 1"))
        part = verified(database_url, since=second)
        assert (part.ok, part.complete, part.seals) == (True, True, 2)
        assert verified(database_url, since=second, until=second).checked == 2
        assert verified(database_url, since=third + timedelta(seconds=1)).checked == 0
        with tampering(rows):
            rows.run("UPDATE audit_seals SET digest = 'x' WHERE number = 1")
            assert verified(database_url, since=second).bad == Bad(2, Fault.PREVIOUS)
            rows.run("DELETE FROM audit_seals WHERE number = 1")
            assert verified(database_url, since=second).bad == Bad(1, Fault.MISSING)

    def test_says_when_it_did_not_look_at_everything(self, rows: Tables, database_url: str) -> None:
        rows.run(MANY, "{}", 4 * MOST_ROWS)
        seal(database_url)
        found = verified(database_url, most=1)
        assert (found.ok, found.complete, found.checked) == (True, False, 2 * MOST_ROWS)
        assert found.until is not None

    def test_takes_no_more_memory_for_many_entries_and_no_transaction(self, rows: Tables, database_url: str) -> None:
        peaks = []
        for total in (4 * MOST_ROWS, 16 * MOST_ROWS):
            rows.run(MANY, json.dumps({"text": "x" * 300}), total)
            seal(database_url)
            found, peak, oldest = with_seals(database_url, lambda seals: self.watched(seals, rows))
            assert (found.ok, found.checked) == (True, rows.count("audit_logs"))
            assert oldest < timedelta(seconds=1)
            peaks.append(peak)
        assert peaks[1] < 1.2 * peaks[0]

    async def watched(self, seals: AuditSeals, rows: Tables) -> tuple[Verified, int, timedelta]:
        """What was found, how many bytes it took, and how old a transaction was at most meanwhile."""
        open_ones = (
            "SELECT max(now() - xact_start) AS age FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND starts_with(state, 'idle in transaction')"
        )
        ages = [timedelta(0)]
        tracemalloc.start()
        verifying = asyncio.create_task(seals.verify())
        while not verifying.done():
            ages.append(rows.one(open_ones)["age"] or timedelta(0))
            await asyncio.sleep(0.01)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return await verifying, peak, max(ages)
