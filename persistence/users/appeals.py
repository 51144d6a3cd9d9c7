"""Appeals, of which an account has one open at most."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from persistence.engine.connection import Connection
from persistence.models import Appeal
from persistence.models.appeals import IS_OPEN


class Appeals:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, appeal_id: UUID) -> Appeal | None:
        return await self._connection.scalar(select(Appeal).where(Appeal.id == appeal_id))

    async def add(self, user_id: UUID, columns: dict[str, Any]) -> Appeal | None:
        """None when another one is open; the partial unique index decides."""
        row = insert(Appeal).values(user_id=user_id, **columns)
        added = row.on_conflict_do_nothing(index_elements=[Appeal.user_id], index_where=IS_OPEN)
        return await self._connection.scalar(added.returning(Appeal))
