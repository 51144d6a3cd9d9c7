"""Example content: made area by area, marked row by row, so that it can be taken away without anything else."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg.errors import ForeignKeyViolation, RestrictViolation
from sqlalchemy import Text, cast, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from persistence.engine.connection import Connection
from persistence.models import Base, DemoArea, DemoRow


class Demo:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._area = ""

    async def begin(self, area: str, now: datetime, *, again: bool) -> bool:
        """What is made from here on is of the area. False where that had its examples once, and not ``again``; and
        where it has them still.
        """
        self._area = area
        if await self._connection.scalar(select(DemoRow.number).where(DemoRow.area == area).limit(1)) is not None:
            return False
        row = upsert(DemoArea).values(name=area, seeded_at=now)
        if again:
            row = row.on_conflict_do_update(index_elements=["name"], set_={"seeded_at": now})
        else:
            row = row.on_conflict_do_nothing()
        return await self._connection.scalar(row.returning(DemoArea.name)) is not None

    async def add(self, model: type[Base], **values: Any) -> Any:
        """A row of example content; its key."""
        key = _key(model.__tablename__)
        made = await self._connection.scalar_one(insert(model).values(**values).returning(key))
        await self.mark(model, made)
        return made

    async def mark(self, model: type[Base], key: Any) -> None:
        """A row that was made otherwise. What goes with it by a foreign key needs no mark."""
        row = insert(DemoRow).values(area=self._area, table_name=model.__tablename__, row_id=str(key))
        await self._connection.execute(row)

    async def areas(self) -> Sequence[str]:
        """Those that have example content now."""
        return await self._connection.scalars(select(DemoRow.area).distinct().order_by(DemoRow.area))

    async def clear(self) -> tuple[int, int]:
        """How many rows are gone, and how many stay because something that was made since refers to them."""
        gone = kept = 0
        for row in await self._connection.scalars(select(DemoRow).order_by(DemoRow.number.desc())):
            if await self._remove(row.table_name, row.row_id):
                await self._connection.execute(delete(DemoRow).where(DemoRow.number == row.number))
                gone += 1
            else:
                kept += 1
        return gone, kept

    async def _remove(self, table: str, key: str) -> bool:
        if table not in Base.metadata.tables:  # of another release
            return False
        try:
            async with self._connection.savepoint():
                column = _key(table)
                await self._connection.execute(delete(column.table).where(cast(column, Text) == key))
        except (ForeignKeyViolation, RestrictViolation):
            return False
        return True


def _key(table: str) -> Any:
    """The one column by which its rows are marked. A table with several has rows that go with those of another."""
    (column,) = Base.metadata.tables[table].primary_key.columns
    return column
