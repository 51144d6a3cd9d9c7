"""Accounts in the state that a test needs, without the way that leads there."""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb
from structlog.testing import capture_logs

from domain.users import tombstones_of
from tests.harness import KEPT_TABLES, PASSWORD, Api, Server, Tables
from tests.statements import asked

WAIT_SECONDS = 10


def account(api: Api, tables: Tables, email: str = "ada@example.com", **columns: Any) -> UUID:
    """A verified account with the usual password, as registration leaves it; ``columns`` replace what its row holds."""
    row = {"email": email, "password_hash": usual_hash(api.server), "email_verified": True, "locale": "en"}
    return insert(tables, "users", **(row | columns))


_hashes: list[str] = []


def usual_hash(server: Server) -> str:
    """Made once: hashing is what takes the time of these tests."""
    if not _hashes:
        _hashes.append(server.on_loop(server.app.hasher.hash(PASSWORD)))
    return _hashes[0]


def somebody(server: Server, **columns: Any) -> str:
    """An access token of a person of whom nothing else is known."""
    row = {"email": f"{uuid4().hex}@example.com", "email_verified": True}
    return token_of(server, insert(server.tables, "users", **(row | columns)))


def token_of(server: Server, user_id: UUID) -> str:
    """An access token of a session that the account has from now on."""
    now = datetime.now(UTC)
    lives = {"last_active_at": now, "expires_at": now + timedelta(days=1), "confirmed_at": now}
    session_id = insert(server.tables, "sessions", user_id=user_id, **lives)
    return str(server.app.tokens.access(user_id, session_id)["accessToken"])


def insert(tables: Tables, table: str, **columns: Any) -> UUID:
    """A row as it is told; its id."""
    row = {"id": uuid4()} | columns
    names, holders = ", ".join(row), ", ".join(["%s"] * len(row))
    tables.run(f"INSERT INTO {table} ({names}) VALUES ({holders})", *map(stored, row.values()))  # noqa: S608
    return UUID(str(row["id"]))


def change(tables: Tables, table: str, row_id: UUID, **columns: Any) -> None:
    parts = ", ".join(f"{name} = %s" for name in columns)
    changed = tables.run(f"UPDATE {table} SET {parts} WHERE id = %s", *map(stored, columns.values()), row_id)  # noqa: S608
    assert changed == 1


def stored(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict) else value


@contextmanager
def forced(tables: Tables, column: str, value: str) -> Iterator[None]:
    """Every new account gets this value in its row, unseen by the code: only the constraint can object."""
    body = f"BEGIN NEW.{column} := '{value}'; RETURN NEW; END"
    tables.run(f"CREATE FUNCTION forced() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    tables.run("CREATE TRIGGER forced BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION forced()")
    try:
        yield
    finally:
        tables.run("DROP FUNCTION forced() CASCADE")


@contextmanager
def broken(tables: Tables, table: str, column: str) -> Iterator[None]:
    """A column of an empty table has a type that no code expects: a fault of ours that is no outage."""
    with aside(tables, table) if table in KEPT_TABLES else nullcontext(), _broken(tables, table, column):
        yield


@contextmanager
def aside(tables: Tables, table: str) -> Iterator[None]:
    """An empty table stands in the place of one whose rows are to stay as they are."""
    tables.run(f"ALTER TABLE {table} RENAME TO {table}_aside")
    tables.run(f"CREATE TABLE {table} (LIKE {table}_aside)")
    try:
        yield
    finally:
        tables.run(f"DROP TABLE {table}")
        tables.run(f"ALTER TABLE {table}_aside RENAME TO {table}")


@contextmanager
def _broken(tables: Tables, table: str, column: str) -> Iterator[None]:
    query = "SELECT udt_name, column_default FROM information_schema.columns WHERE table_name = %s AND column_name = %s"
    original, default = tables.one(query, table, column).values()
    of_texts = (
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexdef LIKE '%%text_pattern_ops%%'"
    )
    indexes = tables.rows(of_texts, table)  # which take no other type
    for index in indexes:
        tables.run(f"DROP INDEX {index['indexname']}")
    tables.run(f"ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT")
    tables.run(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE int4[] USING NULL")
    try:
        with capture_logs() as logs:  # the trace of the fault is expected here, not worth printing
            yield
        assert any(entry["event"] == "internal.error" for entry in logs)
    finally:
        tables.run(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {original} USING NULL")
        if default is not None:
            tables.run(f"ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {default}")
        for index in indexes:
            tables.run(index["indexdef"])


@contextmanager
def statements(server: Server) -> Iterator[list[str]]:
    """What the server asks the database meanwhile, known at the end."""
    texts: list[str] = []
    with asked(server.app.parts.database) as seen:
        yield texts
    texts += [text for text, _ in seen]


def begin(nodes: Collection[Server], **config: Any) -> None:
    """Several nodes on one database, empty. All are emptied first: a table that is emptied takes the config with it."""
    for node in nodes:
        node.reset()
    for node in nodes:
        node.configure(**{"ratelimit.enabled": False} | config)


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


def waiting_for_locks(tables: Tables) -> int:
    """How many statements on the database of ``tables`` wait for a lock that somebody else holds."""
    query = (
        "SELECT count(*) AS n FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock' AND state = 'active'"
    )
    return int(tables.one(query)["n"])


def tombstone(server: Server, email: str) -> str:
    """What an erasure leaves of the address."""
    return tombstones_of(email, server.app.parts.keyring.digests)[0]


def topics(tables: Tables) -> list[str]:
    return [row["topic"] for row in tables.rows("SELECT topic FROM outbox ORDER BY topic")]


def audited(tables: Tables, action: str) -> list[dict[str, Any]]:
    return tables.rows("SELECT * FROM audit_logs WHERE action = %s ORDER BY created_at", action)


ARABIC_INDIC, PERSIAN, FULL_WIDTH = (
    {ord(str(digit)): chr(zero + digit) for digit in range(10)} for zero in (0x660, 0x6F0, 0xFF10)
)
# Six digits as people type, paste or dictate them.
TYPED = (
    lambda code: f" {code[:3]} {code[3:]} ",
    lambda code: f"{code[:3]}-{code[3:]}",
    lambda code: f"{code[:3]}\u00a0{code[3:]}",
    lambda code: f"{code}\n",
    lambda code: str(code.translate(ARABIC_INDIC)),
    lambda code: str(code.translate(PERSIAN)),
    lambda code: str(code.translate(FULL_WIDTH)),
)
