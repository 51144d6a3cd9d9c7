"""Links of bio pages. Who changes one has the page held (``db.bio_pages.hold``), so that one follows the other."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, and_, bindparam, column, delete, exists, func, insert, select, true, update

from domain.creators.links import Room
from persistence.engine.connection import Connection
from persistence.models import BioLink, BioPage, CreatorProfile

Row = BioLink
ROOM = (
    select(
        select(func.count()).where(Row.page_id == BioPage.id).scalar_subquery().label("links"),
        CreatorProfile.dm_active,
    )
    .join(BioPage, BioPage.creator_id == CreatorProfile.id)
    .where(BioPage.id == bindparam("page_id"))
)
OF_PAGE = select(Row).where(Row.id == bindparam("link_id"), Row.page_id == bindparam("page_id"))
GONE = delete(Row).where(Row.id == bindparam("link_id"), Row.page_id == bindparam("page_id")).returning(Row.id)
KNOWN = select(exists().where(Row.id == bindparam("link_id")))
given = (
    func.unnest(bindparam("link_ids", type_=ARRAY(Uuid)))
    .table_valued(column("id", Uuid), with_ordinality="place", name="given")
    .render_derived()
)
REORDERED = (
    update(Row)
    .where(Row.id == given.c.id, Row.page_id == bindparam("of_page"))
    .values(sort_order=given.c.place - 1, updated_at=func.now())
    .returning(Row.id)
)


PAGE_HELD = (
    select(BioPage.creator_id)
    .join(Row, Row.page_id == BioPage.id)
    .where(Row.id == bindparam("link_id"))
    .with_for_update(of=BioPage, key_share=True)
)
IS_SHOWN = (
    and_(Row.active, Row.statement_id.is_(None))
    & func.coalesce(Row.scheduled_start <= func.now(), true())
    & func.coalesce(Row.scheduled_end > func.now(), true())
)
"""Whether a page shows the link, to whoever sees the page."""


class BioLinks:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def room(self, page_id: UUID) -> Room:
        """How many links the page has, and whether its creator takes messages: as it is while the page is held."""
        return Room(*await self._connection.one(ROOM, page_id=page_id))

    async def add(self, page_id: UUID, columns: Mapping[str, Any]) -> BioLink:
        return await self._connection.scalar_one(insert(Row).values(page_id=page_id, **columns).returning(Row))

    async def find(self, page_id: UUID, link_id: UUID) -> BioLink | None:
        """None where it is on another page."""
        return await self._connection.scalar(OF_PAGE, page_id=page_id, link_id=link_id)

    async def change(self, link_id: UUID, columns: Mapping[str, Any]) -> BioLink:
        changed = update(Row).where(Row.id == link_id).values(**columns, updated_at=func.now())
        return await self._connection.scalar_one(changed.returning(Row))

    async def delete(self, page_id: UUID, link_id: UUID) -> bool:
        """Whether the page had it."""
        return await self._connection.scalar(GONE, page_id=page_id, link_id=link_id) is not None

    async def reorder(self, page_id: UUID, link_ids: Sequence[UUID]) -> int:
        """How many of them the page has, which have their places by then."""
        return len(await self._connection.scalars(REORDERED, of_page=page_id, link_ids=link_ids))

    async def hold_page_of(self, link_id: UUID) -> UUID | None:
        """The creator whose page has the link; the page is held as by ``db.bio_pages.hold``."""
        return await self._connection.scalar(PAGE_HELD, link_id=link_id)

    async def take_down(self, link_id: UUID, statement_id: UUID) -> bool:
        """Nobody sees the link from now on. False where a former restriction has seen to that, or the link is gone."""
        shown = update(Row).where(Row.id == link_id, Row.statement_id.is_(None))
        hidden = shown.values(statement_id=statement_id).returning(Row.id)
        return await self._connection.scalar(hidden) is not None

    async def put_up(self, link_id: UUID, statement_id: UUID) -> None:
        """The restriction has ended: the link is as its owner has it."""
        hidden = update(Row).where(Row.id == link_id, Row.statement_id == statement_id)
        await self._connection.execute(hidden.values(statement_id=None))

    async def is_known(self, link_id: UUID) -> bool:
        """Whether there is such a link, on whatever page."""
        return bool(await self._connection.scalar(KNOWN, link_id=link_id))
