"""The categories that creators can have, as staff arranges them, and the versions of lists that change as a whole."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert

from persistence.engine.connection import Connection
from persistence.models import CreatorCategory, DiscoverCategory, Edition

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


class ListVersion:
    """The version of a list is the number of an edition of its own, which nothing else moves."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._name = name

    async def now(self) -> int:
        """0 before the first change."""
        return await self._connection.scalar(select(Edition.number).where(Edition.name == self._name)) or 0

    async def move_on(self, version: int) -> bool:
        """False when the list has another version than that. To be called first: changes wait for each other here."""
        if version == 0:
            row = insert(Edition).values(name=self._name, number=1).on_conflict_do_nothing()
            return await self._connection.scalar(row.returning(Edition.number)) is not None
        seen = update(Edition).where(Edition.name == self._name, Edition.number == version)
        return await self._connection.scalar(seen.values(number=version + 1).returning(Edition.number)) is not None
