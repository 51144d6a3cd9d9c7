"""The categories that creators can have, as staff arranges them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert

from persistence.editions import ListVersion
from persistence.engine.connection import Connection
from persistence.models import CreatorCategory, DiscoverCategory

Row = DiscoverCategory
WRITTEN = ("name", "active", "sort_order")
NAME = "discover.categories"
ALL = select(Row).order_by(Row.sort_order, Row.slug)


class DiscoverCategories:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._version = ListVersion(connection, NAME)

    async def version(self) -> int:
        return await self._version.now()

    async def move_on(self, version: int) -> bool:
        """As ``ListVersion.move_on``."""
        return await self._version.move_on(version)

    async def all(self) -> Sequence[DiscoverCategory]:
        """In their order."""
        return await self._connection.scalars(ALL)

    async def hold_all(self) -> Sequence[DiscoverCategory]:
        """In their order; until the transaction ends nobody is given one."""
        return await self._connection.scalars(ALL.with_for_update())

    async def offered(self, slugs: Collection[str]) -> set[str]:
        """Which of them are active, and stay so until the transaction ends."""
        active = select(Row.slug).where(Row.slug.in_(slugs), Row.active).order_by(Row.slug)
        return set(await self._connection.scalars(active.with_for_update(read=True)))

    async def first_in_use(self, slugs: Collection[str]) -> str | None:
        """One that creators have; None where there is none."""
        had = exists().where(CreatorCategory.category == Row.slug)
        used = select(Row.slug).where(Row.slug.in_(slugs), had).order_by(Row.sort_order, Row.slug)
        return await self._connection.scalar(used.limit(1))

    async def replace(self, categories: Sequence[Mapping[str, Any]]) -> None:
        """They are the whole list."""
        kept = [category["slug"] for category in categories]
        await self._connection.execute(delete(Row).where(Row.slug.not_in(kept)))
        if categories:
            put = insert(Row).values(list(categories))
            anew = {name: put.excluded[name] for name in WRITTEN}
            await self._connection.execute(put.on_conflict_do_update(index_elements=[Row.slug], set_=anew))
