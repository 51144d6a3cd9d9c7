"""Requests to correct a balance. Each is decided once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from domain.money.adjustments import Status
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import Adjustment

Row = Adjustment
NEWEST = Keyset(Row.created_at.desc(), Row.id.desc())


class Adjustments:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, **columns: Any) -> Adjustment:
        added: Adjustment = await self._connection.scalar_one(insert(Row).values(**columns).returning(Row))
        return added

    async def find(self, request_id: UUID) -> Adjustment | None:
        return await self._connection.scalar(select(Row).where(Row.id == request_id))

    async def page(
        self, keys: Sequence[Any] | None, rows: int, *, status: str | None = None, wallet_id: UUID | None = None
    ) -> Sequence[Adjustment]:
        """The newest first."""
        found = select(Row)
        if status is not None:
            found = found.where(Row.status == status)
        if wallet_id is not None:
            found = found.where(Row.wallet_id == wallet_id)
        return await self._connection.scalars(NEWEST.page(found, keys, rows))

    async def decide(
        self, request_id: UUID, status: Status, by: UUID, now: datetime, decision: str
    ) -> Adjustment | None:
        """None where it was decided before."""
        pending = update(Row).where(Row.id == request_id, Row.status == "PENDING")
        columns = {"status": status, "decided_by": by, "decided_at": now, "decision": decision}
        return await self._connection.scalar(pending.values(**columns).returning(Row))
