"""What a deployment is asked about its database: reads, and nothing but reads."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alembic.script import ScriptDirectory
from sqlalchemy import ColumnElement, CompoundSelect, Select, String, func, literal, or_, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from persistence.migrate import FOLDER
from persistence.models import (
    BackupCode,
    CredentialChange,
    IdempotencyKey,
    OAuthProvider,
    OutboxJob,
    ScheduledJob,
    SigningKey,
    User,
)
from persistence.outbox import DUE

# A limit of -1 is none. Connections kept for superusers and for pg_use_reserved_connections are not for us.
VITALS = text("""
    SELECT current_setting('server_version') AS version,
           current_setting('server_version_num')::int AS version_number,
           current_setting('server_encoding') AS encoding,
           current_setting('TimeZone') AS time_zone,
           current_setting('fsync') = 'on' AS fsync,
           current_setting('full_page_writes') = 'on' AS full_page_writes,
           current_setting('transaction_read_only') = 'on' AS read_only,
           pg_is_in_recovery() AS standby,
           least(current_setting('max_connections')::int
                   - current_setting('superuser_reserved_connections')::int
                   - coalesce(current_setting('reserved_connections', true)::int, 0),
                 nullif(d.datconnlimit, -1), nullif(r.rolconnlimit, -1)) AS connections
      FROM pg_database d, pg_roles r
     WHERE d.datname = current_database() AND r.rolname = current_user
""")


@dataclass(frozen=True, slots=True)
class Vitals:
    """``connections``: how many we may have at once. ``time_zone`` is that of our own sessions."""

    version: str
    version_number: int
    encoding: str
    time_zone: str
    fsync: bool
    full_page_writes: bool
    read_only: bool
    standby: bool
    connections: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """``oldest`` is since when the longest waiting job is due, ``next_due`` the first time nobody has moved on yet."""

    oldest: datetime | None
    next_due: datetime | None
    waiting: int
    dead: int
    now: datetime


async def vitals(engine: AsyncEngine) -> Vitals:
    async with _reading(engine) as connection:
        row = (await connection.execute(VITALS)).one()
    return Vitals(**row._mapping)


async def ahead(engine: AsyncEngine, clock: Callable[[], datetime]) -> timedelta:
    """How far ``clock`` is ahead of the server's; the way there and back is shared out equally."""
    async with _reading(engine) as connection:
        before = clock()
        theirs: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
        after = clock()
    return before + (after - before) / 2 - theirs


async def revision(engine: AsyncEngine) -> str | None:
    """That of the schema; None for a database that was never migrated."""
    async with _reading(engine) as connection:
        if await connection.scalar(select(func.to_regclass("alembic_version"))) is None:
            return None
        found: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def known_revisions() -> list[str]:
    """Of this code, the newest first."""
    return [script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()]


async def backlog(engine: AsyncEngine, recurring: Iterable[str]) -> Backlog:
    free = or_(OutboxJob.leased_until.is_(None), OutboxJob.leased_until < func.now())
    due = (*DUE, OutboxJob.available_at <= func.now(), free)
    oldest = select(func.min(OutboxJob.available_at)).where(*due).scalar_subquery()
    waiting = select(func.count()).select_from(OutboxJob).where(*due).scalar_subquery()
    dead = select(func.count()).select_from(OutboxJob).where(OutboxJob.dead_at.is_not(None)).scalar_subquery()
    pending = ScheduledJob.topic.in_(list(recurring))
    next_due = select(func.min(ScheduledJob.next_due)).where(pending).scalar_subquery()
    async with _reading(engine) as connection:
        row = (await connection.execute(select(oldest, next_due, waiting, dead, func.now()))).one()
    return Backlog(*row)


async def seals(engine: AsyncEngine) -> Mapping[str, Mapping[str, int]]:
    """What is sealed -> id of the key -> how many; nothing sealed leaves the database."""
    job, answer = OutboxJob.payload["sealed"].astext, IdempotencyKey
    query = union_all(
        _kids("second factors", User.two_factor_secret),
        _kids("platform secrets", OAuthProvider.client_secret),
        _kids("signing keys", SigningKey.sealed),
        _kids("undo links", CredentialChange.former, CredentialChange.expires_at > func.now()),
        _kids("jobs", job, OutboxJob.done_at.is_(None)),
        _kids("stored answers", func.encode(answer.body, "escape"), answer.expires_at > func.now()),
    )
    return await _counted(engine, query)


async def digests(engine: AsyncEngine) -> Mapping[str, Mapping[str, int]]:
    """What is recognised by a keyed hash for years -> id of the key -> how many. Releases before it noted no id: ``?``.

    Hashes that are over within days (codes, counters, claims) are not among them.
    """
    keyed = User.email.regexp_match(r"^deleted_[0-9a-f]{8}\.")
    query = union_all(
        _kids("backup codes", func.coalesce(BackupCode.kid, "?"), BackupCode.used_at.is_(None)),
        _kids("erased addresses", func.substr(User.email, len("deleted_") + 1), User.status == "DELETED", keyed),
    )
    return await _counted(engine, query)


async def _counted(engine: AsyncEngine, query: CompoundSelect[str, str, int]) -> Mapping[str, Mapping[str, int]]:
    found: dict[str, dict[str, int]] = {}
    async with _reading(engine) as connection:
        for place, kid, count in await connection.execute(query):
            found.setdefault(place, {})[kid] = count
    return found


def _kids(place: str, sealed: ColumnElement[str] | Any, *where: ColumnElement[bool]) -> Select[str, str, int]:
    """A sealed text begins with the id of its key and a dot."""
    kid = func.split_part(sealed, ".", 1)
    rows = select(literal(place, String), kid, func.count()).where(sealed != "", *where)
    return rows.group_by(kid)


@asynccontextmanager
async def _reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        yield connection
