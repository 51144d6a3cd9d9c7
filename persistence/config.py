"""What an admin changed."""

from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as pg_insert

from persistence.engine.connection import Connection
from persistence.models import ConfigEntry


class ConfigEntries:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def all(self) -> dict[str, Any]:
        rows = await self._connection.rows(select(ConfigEntry.name, ConfigEntry.value))
        return {row.name: row.value for row in rows}

    async def remove(self, name: str) -> bool:
        """Whether there was one."""
        gone = delete(ConfigEntry).where(ConfigEntry.name == name).returning(ConfigEntry.name)
        return await self._connection.row(gone) is not None

    async def put(self, name: str, value: Any) -> None:
        row = pg_insert(ConfigEntry).values(name=name, value=value)
        changed = {"value": row.excluded.value, "updated_at": func.now()}
        await self._connection.execute(row.on_conflict_do_update(index_elements=[ConfigEntry.name], set_=changed))
