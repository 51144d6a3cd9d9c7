"""The seals of the audit log, and rows of it as the database itself writes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Text, and_, cast, exists, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as pg_insert

from domain.admin.sealing import Head, Texts
from domain.clock import timestamp
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import AuditLog, AuditSeal, AuditSealed

COLUMNS: Any = sa.text("""
    SELECT attname, atttypid = 'timestamptz'::regtype FROM pg_attribute
     WHERE attrelid = 'audit_logs'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
""")
NOT_SEALED = ~exists().where(AuditSealed.row_id == AuditLog.id)
NOW = select(func.now(), cast(sa.extract("epoch", func.now()), Text))


Place = tuple[datetime, UUID]
OLDEST = Keyset(AuditLog.created_at, AuditLog.id)


class Unsealed(NamedTuple):
    """A row of the audit log: where it stands among the others, and what a seal holds of it."""

    place: Place
    texts: Texts


@dataclass(frozen=True, slots=True)
class Seal:
    """``at`` is the moment as it was sealed, ``told_at`` the same for people."""

    number: int
    rows: int
    key_id: str
    digest: bytes
    previous: bytes
    at: str
    told_at: datetime

    @property
    def head(self) -> Head:
        return Head(self.number, self.key_id, self.digest.hex(), timestamp(self.told_at))


SEALS = select(
    AuditSeal.number,
    AuditSeal.rows,
    AuditSeal.key_id,
    AuditSeal.digest,
    AuditSeal.previous,
    cast(sa.extract("epoch", AuditSeal.at), Text),
    AuditSeal.at,
)


class Seals:
    """Of the audit log every column is read that the table has, be it of a newer release."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._columns: tuple[tuple[str, bool], ...] = ()

    async def columns(self) -> tuple[str, ...]:
        """The names of what the rows of the audit log are made of."""
        self._columns = tuple([(name, moment) for name, moment in await self._connection.rows(COLUMNS)])
        return tuple(name for name, _ in self._columns)

    def _texts(self) -> list[Any]:
        """Each column as a text that no setting of a session changes. ``columns`` was asked before."""
        return [cast(sa.extract("epoch", column) if moment else column, Text) for column, moment in self._named()]

    def _named(self) -> list[tuple[Any, bool]]:
        return [(sa.literal_column(f'audit_logs."{name}"'), moment) for name, moment in self._columns]

    async def now(self) -> tuple[datetime, str]:
        moment, text = await self._connection.one(NOW)
        return moment, text

    async def last(self) -> Seal | None:
        found = await self._connection.row(SEALS.order_by(AuditSeal.number.desc()).limit(1))
        return None if found is None else Seal(*found)

    async def unsealed(self, within: timedelta | None, after: Place | None, most: int) -> list[Unsealed]:
        """Committed rows that no seal holds and that come ``after`` a place, the oldest first."""
        rows = select(AuditLog.created_at, AuditLog.id, *self._texts()).where(NOT_SEALED)
        if within is not None:
            rows = rows.where(AuditLog.created_at > func.now() - within)
        found = await self._connection.rows(OLDEST.page(rows, after, most))
        return [Unsealed((row[0], row[1]), tuple(row[2:])) for row in found]

    async def add(self, seal: Seal, row_ids: Sequence[UUID]) -> bool:
        """False when another worker made the seal of this number."""
        told = {"number": seal.number, "rows": seal.rows, "key_id": seal.key_id, "at": seal.told_at}
        row = pg_insert(AuditSeal).values(**told, digest=seal.digest, previous=seal.previous)
        ours = row.on_conflict_do_nothing().returning(AuditSeal.number)
        if await self._connection.scalar(ours) is None:
            return False
        ids = select(func.unnest(sa.literal(list(row_ids), ARRAY(sa.Uuid))), sa.literal(seal.number))
        await self._connection.execute(sa.insert(AuditSealed).from_select(["row_id", "number"], ids))
        return True

    async def from_number(self, number: int, until: datetime | None, most: int) -> list[Seal]:
        """The seals from this number on, in their order."""
        seals = SEALS.where(AuditSeal.number >= number)
        if until is not None:
            seals = seals.where(AuditSeal.at <= until)
        return [Seal(*row) for row in await self._connection.rows(seals.order_by(AuditSeal.number).limit(most))]

    async def first_since(self, moment: datetime) -> int | None:
        """The number of the first seal from then on."""
        first = select(AuditSeal.number).where(AuditSeal.at >= moment).order_by(AuditSeal.at, AuditSeal.number)
        return await self._connection.scalar(first.limit(1))

    async def rows_of(self, first: int, last: int, most: int) -> list[tuple[int, Texts]]:
        """The rows that these seals hold, each with the number of its seal, in the order in which they were sealed."""
        held = and_(AuditSealed.number >= first, AuditSealed.number <= last)
        rows = select(AuditSealed.number, *self._texts()).join_from(
            AuditSealed, AuditLog, AuditLog.id == AuditSealed.row_id
        )
        order = (AuditSealed.number, AuditLog.created_at, AuditLog.id)
        found = await self._connection.rows(rows.where(held).order_by(*order).limit(most))
        return [(row[0], tuple(row[1:])) for row in found]

    async def newest_that_holds_rows(self) -> int:
        """Of the numbers that rows are noted with; 0 for none."""
        newest = select(AuditSealed.number).order_by(AuditSealed.number.desc()).limit(1)
        return await self._connection.scalar(newest) or 0
