"""What a deployment is asked about its database: reads, and nothing but reads."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

from alembic.script import ScriptDirectory
from sqlalchemy import ColumnElement, CompoundSelect, Select, String, func, literal, not_, or_, select, text, union_all

from domain.admin import OWNER
from domain.keys import Purpose
from persistence.engine.database import Database
from persistence.migrate import FOLDER, REVISION
from persistence.models import (
    AuditSeal,
    BackupCode,
    BankDetail,
    CredentialChange,
    IdempotencyKey,
    KycSession,
    LedgerFinding,
    LedgerReconciliation,
    OAuthProvider,
    OutboxJob,
    Payout,
    PayoutBatch,
    ProviderEvent,
    ScheduledJob,
    SigningKey,
    SocialAccount,
    StaffRole,
    TaxForm,
    User,
)
from persistence.money.movements import Movements
from persistence.outbox import DEAD, DUE

Place: TypeAlias = tuple[Purpose, Select[str, str, int]]

# In the order of ``Vitals``. A limit of -1 is none. Connections kept for superusers and for pg_use_reserved_connections
# are not for us.
VITALS: Any = text("""
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


async def vitals(database: Database) -> Vitals:
    async with database.connection(reading=True) as connection:
        return Vitals(*await connection.one(VITALS))


async def ahead(database: Database, clock: Callable[[], datetime]) -> timedelta:
    """How far ``clock`` is ahead of the server's; the way there and back is shared out equally."""
    async with database.connection(reading=True) as connection:
        before = clock()
        theirs: datetime = await connection.scalar_one(select(func.clock_timestamp()))
        after = clock()
    return before + (after - before) / 2 - theirs


async def revision(database: Database) -> str | None:
    """That of the schema; None for a database that was never migrated."""
    async with database.connection(reading=True) as connection:
        if await connection.scalar(select(func.to_regclass("alembic_version"))) is None:
            return None
        return await connection.scalar(REVISION)


def known_revisions() -> list[str]:
    """Of this code, the newest first."""
    return [script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()]


async def backlog(database: Database, recurring: Iterable[str]) -> Backlog:
    free = or_(OutboxJob.leased_until.is_(None), OutboxJob.leased_until < func.now())
    due = (*DUE, OutboxJob.available_at <= func.now(), free)
    oldest = select(func.min(OutboxJob.available_at)).where(*due).scalar_subquery()
    waiting = select(func.count()).select_from(OutboxJob).where(*due).scalar_subquery()
    dead = select(func.count()).select_from(OutboxJob).where(*DEAD).scalar_subquery()
    pending = ScheduledJob.topic.in_(list(recurring))
    next_due = select(func.min(ScheduledJob.next_due)).where(pending).scalar_subquery()
    async with database.connection(reading=True) as connection:
        return Backlog(*await connection.one(select(oldest, next_due, waiting, dead, func.now())))


async def lasting_owners(database: Database) -> int:
    """How many active accounts have the role OWNER without an end."""
    lasting = (StaffRole.role == OWNER, StaffRole.expires_at.is_(None), User.status == "ACTIVE")
    counted = select(func.count()).select_from(StaffRole).join(User, User.id == StaffRole.user_id).where(*lasting)
    async with database.connection(reading=True) as connection:
        return await connection.scalar_one(counted)


async def seals(database: Database) -> Mapping[str, Mapping[str, int]]:
    """What is sealed -> id of the key -> how many; nothing sealed leaves the database."""
    return await _counted(database, union_all(*(query for _, query in sealed_places())))


async def digests(database: Database) -> Mapping[str, Mapping[str, int]]:
    """What is recognised by a keyed hash for years -> id of the key -> how many. Releases before it noted no id: ``?``.

    Hashes that are over within days (codes, counters, claims) are not among them.
    """
    return await _counted(database, union_all(*(query for _, query in digest_places())))


def sealed_places() -> Sequence[Place]:
    """Secret config values are not among them: where they are is for the config to know."""
    job, answer = OutboxJob.payload["sealed"].astext, IdempotencyKey
    return (
        (Purpose.TOTP, _kids("second factors", User.two_factor_secret)),
        (Purpose.OAUTH_CLIENT, _kids("platform secrets", OAuthProvider.client_secret)),
        (Purpose.SIGNING_KEY, _kids("signing keys", SigningKey.sealed)),
        (Purpose.SOCIAL_TOKEN, _kids("tokens of connected accounts", _text(SocialAccount.access_token))),
        (Purpose.SOCIAL_TOKEN, _kids("refresh tokens of connected accounts", _text(SocialAccount.refresh_token))),
        (Purpose.BANK_DETAILS, _kids("bank details", _text(BankDetail.details))),
        (Purpose.BANK_DETAILS, _kids("files of bank transfers", _text(PayoutBatch.file))),
        (Purpose.BANK_DETAILS, _kids("destinations of payouts", _text(Payout.destination))),
        (Purpose.BANK_DETAILS, _kids("names of verified identities", _text(KycSession.verified_name))),
        (Purpose.TAX_FORM, _kids("tax forms", _text(TaxForm.details))),
        (Purpose.PROVIDER_EVENT, _kids("notices of providers", _text(ProviderEvent.payload))),
        (Purpose.PROVIDER_EVENT, _kids("links to verifications of identity", _text(KycSession.link))),
        (
            Purpose.FORMER_CREDENTIALS,
            _kids("undo links", CredentialChange.former, CredentialChange.expires_at > func.now()),
        ),
        (Purpose.OUTBOX, _kids("jobs", job, OutboxJob.done_at.is_(None))),
        (Purpose.IDEMPOTENCY, _kids("stored answers", _text(answer.body), answer.expires_at > func.now())),
    )


def digest_places() -> Sequence[Place]:
    keyed = User.email.regexp_match(r"^deleted_[0-9a-f]{8}\.")
    erased = func.substr(User.email, len("deleted_") + 1)
    return (
        (
            Purpose.BACKUP_CODE,
            _kids("backup codes", func.coalesce(BackupCode.kid, "?"), BackupCode.used_at.is_(None)),
        ),
        (Purpose.AUDIT_SEAL, _kids("seals of the audit log", AuditSeal.key_id)),
        (Purpose.KYC_IDENTITY, _kids("documents of verified identities", KycSession.identity_hash)),
        (Purpose.TOMBSTONE, _kids("erased addresses", erased, User.status == "DELETED", keyed)),
    )


def _text(column: Any) -> ColumnElement[str]:
    """Of bytes that are text."""
    return func.encode(column, "escape")


async def _counted(database: Database, query: CompoundSelect[str, str, int]) -> Mapping[str, Mapping[str, int]]:
    found: dict[str, dict[str, int]] = {}
    async with database.connection(reading=True) as connection:
        for place, kid, count in await connection.rows(query):
            found.setdefault(place, {})[kid] = count
    return found


def _kids(place: str, sealed: ColumnElement[str] | Any, *where: ColumnElement[bool]) -> Select[str, str, int]:
    """A sealed text begins with the id of its key and a dot."""
    kid = func.split_part(sealed, ".", 1)
    rows = select(literal(place, String), kid, func.count()).where(sealed != "", *where)
    return rows.group_by(kid)


class LedgerState(NamedTuple):
    """``severe``, ``others``: findings that are open; ``ended_at``: when the ledger was last added up."""

    severe: int
    others: int
    ended_at: datetime | None


async def compared_until(database: Database) -> Mapping[str, date | None]:
    """By account of the ledger: the last day for which its provider's own book was compared with it."""
    async with database.connection(reading=True) as connection:
        return await Movements(connection).compared_until()


async def ledger_state(database: Database) -> LedgerState:
    standing = LedgerFinding.closed_at.is_(None)
    severe, others = (
        select(func.count()).select_from(LedgerFinding).where(standing, which).scalar_subquery()
        for which in (LedgerFinding.severe, not_(LedgerFinding.severe))
    )
    last = select(func.max(LedgerReconciliation.ended_at)).scalar_subquery()
    async with database.connection(reading=True) as connection:
        return LedgerState(*await connection.one(select(severe, others, last)))
