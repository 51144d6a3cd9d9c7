"""Categories of tickets, one list that changes as a whole."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from psycopg.errors import ForeignKeyViolation
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.errors import ApiError
from persistence.engine.connection import Connection
from persistence.models import TicketCategory, TicketCategoryList

LIST = "tickets"
WRITTEN = ("name", "description", "priority", "active", "sort_order")


class TicketCategories:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def version(self) -> int:
        """Of the list; 0 until somebody changes it."""
        row = TicketCategoryList
        return await self._connection.scalar(select(row.version).where(row.name == LIST)) or 0

    async def all(self) -> Sequence[TicketCategory]:
        """In their order."""
        return await self._connection.scalars(
            select(TicketCategory).order_by(TicketCategory.sort_order, TicketCategory.id)
        )

    async def exists(self, category_id: UUID) -> bool:
        """It stays until the transaction ends."""
        row = select(TicketCategory.id).where(TicketCategory.id == category_id)
        return await self._connection.scalar(row.with_for_update(read=True, key_share=True)) is not None

    async def move_on(self, version: int) -> bool:
        """False for a list of another version. To be called first: changes wait for each other here."""
        row = TicketCategoryList
        if version == 0:
            first = insert(row).values(name=LIST, version=1).on_conflict_do_nothing().returning(row.name)
            return await self._connection.scalar(first) is not None
        moved = update(row).where(row.name == LIST, row.version == version).values(version=version + 1)
        return await self._connection.scalar(moved.returning(row.name)) is not None

    async def replace(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Entries without an id are new. Raises ApiError admin.ticket_category.in_use for one that would vanish."""
        rows = [{**entry, "id": entry["id"] or uuid4()} for entry in entries]
        gone = delete(TicketCategory).where(TicketCategory.id.not_in([row["id"] for row in rows]))
        try:
            await self._connection.execute(gone)
        except ForeignKeyViolation:
            raise ApiError("admin.ticket_category.in_use") from None
        if rows:
            written = insert(TicketCategory).values(rows)
            anew = {name: written.excluded[name] for name in WRITTEN}
            await self._connection.execute(written.on_conflict_do_update(index_elements=[TicketCategory.id], set_=anew))
