"""Entries of the audit log, for who reads it."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from domain.admin.audit_filter import Filter
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import AuditLog, AuditSeal, AuditSealed

Keys = tuple[datetime, UUID]

NEWEST = Keyset(AuditLog.created_at.desc(), AuditLog.id.desc())
OLDEST = Keyset(AuditLog.created_at, AuditLog.id)
ENTRIES = select(AuditLog, AuditSealed.number).outerjoin(AuditSealed, AuditSealed.row_id == AuditLog.id)
WITH_DIGESTS = (
    select(AuditLog, AuditSealed.number, AuditSeal.digest)
    .outerjoin(AuditSealed, AuditSealed.row_id == AuditLog.id)
    .outerjoin(AuditSeal, AuditSeal.number == AuditSealed.number)
)
BATCH = 250
# No action goes beyond this letter, by the bytes of which the index compares.
LAST = "\U0010ffff"


class AuditTrail:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(self, only: Filter, keys: Keys | None, rows: int, *, oldest_first: bool) -> Sequence[Any]:
        order = OLDEST if oldest_first else NEWEST
        return await self._connection.rows(order.page(_narrowed(ENTRIES, only), keys, rows))

    async def find(self, entry_id: UUID) -> Any | None:
        return await self._connection.row(ENTRIES.where(AuditLog.id == entry_id))

    async def use_snapshot(self) -> None:
        """From here on all statements see the log as of one moment."""
        await self._connection.use_snapshot()

    async def count_to(self, only: Filter, most: int) -> int:
        found = _narrowed(select(AuditLog.id), only).order_by(*OLDEST.order_by).limit(most).subquery()
        return await self._connection.scalar(select(func.count()).select_from(found)) or 0

    async def batches(self, only: Filter) -> AsyncIterator[Sequence[Any]]:
        """The entries with the digests of their seals, the oldest first."""
        keys: Keys | None = None
        while rows := await self._connection.rows(OLDEST.page(_narrowed(WITH_DIGESTS, only), keys, BATCH)):
            yield rows
            keys = rows[-1].AuditLog.created_at, rows[-1].AuditLog.id


def _narrowed(entries: Select[*tuple[Any, ...]], only: Filter) -> Select[*tuple[Any, ...]]:
    row = AuditLog
    equal: dict[Any, Any] = {
        row.actor_id: only.actor,
        row.target_id: only.target,
        row.result: only.result,
        row.correlation_id: only.correlation_id,
    }
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal.items() if value is not None]
    if only.action is not None:
        # As the index of the beginnings compares; with LIKE a plan that is kept for any value could not use it.
        conditions += [row.action.op("~>=~")(only.action), row.action.op("~<~")(only.action + LAST)]
    if only.created_from is not None:
        conditions.append(row.created_at >= only.created_from)
    if only.created_to is not None:
        conditions.append(row.created_at < only.created_to)
    return entries.where(*conditions)
