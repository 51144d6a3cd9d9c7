"""Rows of which each has a version, and something that no other may have, such as its name."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Generic, Literal, TypeVar
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import insert, select, update

from persistence.engine.connection import Connection

Record = TypeVar("Record")


class VersionedRows(Generic[Record]):
    """``model``: that of the rows, with ``id``, ``version`` and ``updated_at``."""

    model: ClassVar[Any]

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, row_id: UUID) -> Record | None:
        found: Record | None = await self._connection.scalar(select(self.model).where(self.model.id == row_id))
        return found

    async def add(self, columns: Mapping[str, Any]) -> Record | None:
        """None where another row has what no two may have."""
        return await self._unless_taken(insert(self.model).values(**columns)) or None

    async def change(
        self, row_id: UUID, columns: Mapping[str, Any], version: int, now: datetime
    ) -> Record | Literal[False] | None:
        """The row as it is then; False when it has another version than that, None as for ``add``."""
        changed = update(self.model).where(self.model.id == row_id, self.model.version == version)
        return await self._unless_taken(changed.values(**columns, version=version + 1, updated_at=now))

    async def _unless_taken(self, statement: Any) -> Record | Literal[False] | None:
        """The row that is written; False where there is none, None where another has what no two may have."""
        try:
            async with self._connection.savepoint():
                written: Record | None = await self._connection.scalar(statement.returning(self.model))
                return written or False
        except UniqueViolation:
            return None
