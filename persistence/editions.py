"""How often what is kept in memory has changed, by the names of its parts."""

from collections.abc import Mapping

from sqlalchemy import select
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
