"""Templates of bio pages."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, bindparam, delete, exists, select

from persistence.engine.keyset import Keyset
from persistence.engine.versioned import VersionedRows
from persistence.models import BioPage, BioTemplate

Row = BioTemplate
ORDER = (Row.sort_order, Row.name, Row.id)
LISTED = Keyset(*(column.asc() for column in ORDER))
OFFERED = select(Row).where(Row.active).order_by(*ORDER).limit(bindparam("most", type_=Integer))


class BioTemplates(VersionedRows[BioTemplate]):
    model = Row

    async def offered(self, most: int) -> Sequence[BioTemplate]:
        """Those that pages can choose, in their order."""
        return await self._connection.scalars(OFFERED, most=most)

    async def is_offered(self, template_id: UUID) -> bool:
        """The template is there until the transaction ends, if so."""
        found = select(Row.id).where(Row.id == template_id, Row.active).with_for_update(read=True, key_share=True)
        return await self._connection.scalar(found) is not None

    async def listed(self, keys: Sequence[Any] | None, rows: int) -> Sequence[BioTemplate]:
        return await self._connection.scalars(LISTED.page(select(Row), keys, rows))

    async def hold(self, template_id: UUID) -> BioTemplate | None:
        """As ``find``; no page chooses it until the transaction ends."""
        return await self._connection.scalar(select(Row).where(Row.id == template_id).with_for_update())

    async def remove_unused(self, template_id: UUID) -> bool:
        """False where a page has it. It is held by then, so that no page gets it meanwhile."""
        unused = delete(Row).where(Row.id == template_id, ~exists().where(BioPage.template_id == template_id))
        return await self._connection.scalar(unused.returning(Row.id)) is not None
