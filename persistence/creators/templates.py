"""Templates of bio pages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import Integer, bindparam, delete, exists, insert, select, update

from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import BioPage, BioTemplate

Row = BioTemplate
ORDER = (Row.sort_order, Row.name, Row.id)
LISTED = Keyset(*(column.asc() for column in ORDER))
OFFERED = select(Row).where(Row.active).order_by(*ORDER).limit(bindparam("most", type_=Integer))


class BioTemplates:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def offered(self, most: int) -> Sequence[BioTemplate]:
        """Those that pages can choose, in their order."""
        return await self._connection.scalars(OFFERED, most=most)

    async def is_offered(self, template_id: UUID) -> bool:
        """The template is there until the transaction ends, if so."""
        found = select(Row.id).where(Row.id == template_id, Row.active).with_for_update(read=True, key_share=True)
        return await self._connection.scalar(found) is not None

    async def listed(self, keys: Sequence[Any] | None, rows: int) -> Sequence[BioTemplate]:
        return await self._connection.scalars(LISTED.page(select(Row), keys, rows))

    async def find(self, template_id: UUID) -> BioTemplate | None:
        return await self._connection.scalar(select(Row).where(Row.id == template_id))

    async def hold(self, template_id: UUID) -> BioTemplate | None:
        """As ``find``; no page chooses it until the transaction ends."""
        return await self._connection.scalar(select(Row).where(Row.id == template_id).with_for_update())

    async def add(self, columns: Mapping[str, Any]) -> BioTemplate | None:
        """None where the name is taken."""
        try:
            async with self._connection.savepoint():
                return await self._connection.scalar_one(insert(Row).values(**columns).returning(Row))
        except UniqueViolation:
            return None

    async def change(
        self, template_id: UUID, columns: Mapping[str, Any], version: int, now: datetime
    ) -> BioTemplate | bool | None:
        """The template as it is then; False when it has another version than that, None where the name is taken."""
        changed = (
            update(Row)
            .where(Row.id == template_id, Row.version == version)
            .values(**columns, version=version + 1, updated_at=now)
            .returning(Row)
        )
        try:
            async with self._connection.savepoint():
                return await self._connection.scalar(changed) or False
        except UniqueViolation:
            return None

    async def remove_unused(self, template_id: UUID) -> bool:
        """False where a page has it. It is held by then, so that no page gets it meanwhile."""
        unused = delete(Row).where(Row.id == template_id, ~exists().where(BioPage.template_id == template_id))
        return await self._connection.scalar(unused.returning(Row.id)) is not None
