"""What staff and commands changed, and the history of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from domain.admin.providers import family_of
from persistence.admin.providers import ProviderRows
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import ConfigChange, ConfigEntry

ONE_AT_A_TIME = 0x62696F7265  # the number of the lock: "biore"
NEWEST = Keyset(ConfigChange.version.desc())
HOLDS = or_(ConfigEntry.expires_at.is_(None), ConfigEntry.expires_at > func.now())


class ConfigEntries:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def take_turns(self) -> None:
        """Until the end of the unit nobody else changes config: rules speak of several keys at once."""
        await self._connection.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))

    async def all(self) -> dict[str, Any]:
        """The values that hold."""
        rows = await self._connection.rows(select(ConfigEntry.name, ConfigEntry.value).where(HOLDS))
        return {row.name: row.value for row in rows}

    async def entries(self) -> Mapping[str, ConfigEntry]:
        """By name; those that ended by themselves, too."""
        return {entry.name: entry for entry in await self._connection.scalars(select(ConfigEntry))}

    async def remove(self, name: str, version: int) -> bool:
        """Whether it had this version."""
        await self._touch(name)
        gone = delete(ConfigEntry).where(ConfigEntry.name == name, ConfigEntry.version == version)
        return await self._connection.row(gone.returning(ConfigEntry.name)) is not None

    async def put(
        self, name: str, value: Any, version: int, *, following: int, by: UUID | None, until: datetime | None
    ) -> bool:
        """Whether it had the ``version``, which is 0 where nothing was stored, and has the ``following`` one now."""
        await self._touch(name)
        columns = {"value": value, "version": following, "updated_by": by, "expires_at": until}
        if version == 0:
            row = pg_insert(ConfigEntry).values(name=name, **columns).on_conflict_do_nothing()
            return await self._connection.row(row.returning(ConfigEntry.name)) is not None
        had = update(ConfigEntry).where(ConfigEntry.name == name, ConfigEntry.version == version)
        changed = had.values(updated_at=func.now(), **columns)
        return await self._connection.row(changed.returning(ConfigEntry.name)) is not None

    async def _touch(self, name: str) -> None:
        """A family of providers has another version with each of its keys, whoever changes one."""
        family = family_of(name)
        if family is not None:
            await ProviderRows(self._connection).touch(family)


class ConfigHistory:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, name: str, version: int, **columns: Any) -> None:
        await self._connection.execute(insert(ConfigChange).values(name=name, version=version, **columns))

    async def last_version(self, name: str) -> int:
        """The highest that the key ever had; 0 if it was never changed."""
        last = select(func.coalesce(func.max(ConfigChange.version), 0)).where(ConfigChange.name == name)
        return int(await self._connection.scalar_one(last))

    async def current(self, names: Sequence[str]) -> Mapping[str, ConfigChange]:
        """The changes that led to what is stored under these names."""
        stored = and_(ConfigEntry.name == ConfigChange.name, ConfigEntry.version == ConfigChange.version)
        rows = await self._connection.scalars(
            select(ConfigChange).join(ConfigEntry, stored).where(ConfigEntry.name.in_(names))
        )
        return {row.name: row for row in rows}

    async def page(self, name: str, keys: Sequence[Any] | None, rows: int) -> Sequence[ConfigChange]:
        return await self._connection.scalars(NEWEST.page(_of(name), keys, rows))

    async def find(self, name: str, change_id: UUID) -> ConfigChange | None:
        """A change of this key, and of no other."""
        return await self._connection.scalar(_of(name).where(ConfigChange.id == change_id))


def _of(name: str) -> Select[ConfigChange]:
    return select(ConfigChange).where(ConfigChange.name == name)
