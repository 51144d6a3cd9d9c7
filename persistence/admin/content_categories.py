"""Categories of the blog, the help center and the FAQ, as staff arranges them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import array

from persistence.editions import ListVersion
from persistence.engine.connection import Connection
from persistence.models import ContentCategory, ContentEntry, Publication

Row = ContentCategory


class ContentCategories:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def all(self, kind: str) -> Sequence[ContentCategory]:
        """In their order."""
        return await self._connection.scalars(select(Row).where(Row.kind == kind).order_by(Row.sort_order, Row.id))

    async def hold_all(self, kind: str) -> Sequence[ContentCategory]:
        """In their order; until the transaction ends nobody puts a text into one."""
        rows = select(Row).where(Row.kind == kind).order_by(Row.sort_order, Row.id)
        return await self._connection.scalars(rows.with_for_update())

    async def version(self, kind: str) -> int:
        """0 before the first change."""
        return await self._list(kind).now()

    async def move_on(self, kind: str, version: int) -> bool:
        """As ``ListVersion.move_on``."""
        return await self._list(kind).move_on(version)

    def _list(self, kind: str) -> ListVersion:
        return ListVersion(self._connection, f"{kind}.categories")

    async def known(self, kind: str, ids: Collection[UUID]) -> set[UUID]:
        """Which of them there are, and stay until the transaction ends."""
        found = select(Row.id).where(Row.kind == kind, Row.id.in_(ids)).order_by(Row.id).with_for_update(read=True)
        return set(await self._connection.scalars(found))

    async def first_in_use(self, ids: Collection[UUID], now: datetime) -> str | None:
        """The slug of one that the draft of a text is in, or what is public or will be; None where there is none."""
        lasting = or_(Publication.shown_until.is_(None), Publication.shown_until > now)
        of_it = array([Row.id])
        drafts = exists().where(ContentEntry.category_ids.op("@>")(of_it))
        public = exists().where(Publication.category_ids.op("@>")(of_it), lasting)
        used = select(Row.slug).where(Row.id.in_(ids), or_(drafts, public)).order_by(Row.sort_order, Row.id).limit(1)
        return await self._connection.scalar(used)

    async def remove(self, ids: Collection[UUID]) -> None:
        await self._connection.execute(delete(Row).where(Row.id.in_(ids)))

    async def put(self, kind: str, categories: Sequence[tuple[UUID | None, Mapping[str, Any]]]) -> None:
        """Change those that have an id and add the others, all in this order. They are the whole list."""
        await self._free_slugs(kind)
        for place, (category_id, columns) in enumerate(categories):
            await self._put(kind, category_id, {**columns, "sort_order": place})

    async def _free_slugs(self, kind: str) -> None:
        """Two may exchange theirs. Meanwhile each has one that nobody can ask for."""
        free = func.concat("=", Row.id)
        await self._connection.execute(update(Row).where(Row.kind == kind).values(slug=free))

    async def _put(self, kind: str, category_id: UUID | None, columns: Mapping[str, Any]) -> None:
        if category_id is None:
            await self._connection.execute(insert(Row).values(kind=kind, **columns))
            return
        await self._connection.execute(update(Row).where(Row.id == category_id).values(**columns))
