"""How often what is kept in memory has changed, by the names of its parts, and lists that change as a whole."""

from collections.abc import Mapping

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from persistence.engine.connection import Connection
from persistence.engine.statements import kept
from persistence.models import Edition

ALL = kept(select(Edition.name, Edition.number))


class Editions:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def all(self) -> Mapping[str, int]:
        """Another number after each change; a part that never changed has none."""
        return {row.name: row.number for row in await self._connection.rows(ALL)}

    async def move_on(self, name: str) -> None:
        """In the transaction of the change, as its first write: changes of one part wait for each other here."""
        row = insert(Edition).values(name=name, number=1)
        one_more = {"number": Edition.number + 1}
        await self._connection.execute(row.on_conflict_do_update(index_elements=["name"], set_=one_more))


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
