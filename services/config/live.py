"""The current config values of one process: the catalogue's defaults under what an admin stored, kept fresh."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import structlog

from domain.clock import utc_now
from domain.config.changes import DEFAULT, Author, Wish, restorable
from domain.config_keys import InvalidConfig, Key, V
from persistence.engine.database import Database
from persistence.models import ConfigChange, ConfigEntry
from services.config import catalogue
from services.config.catalogue import CATALOGUE, is_secret
from services.config.reach import Reach
from services.config.writing import Writer
from services.keyring import Keyring

REFRESH_SECONDS = 2

log = structlog.get_logger(__name__)


class LiveConfig:
    """Read access for everybody (``domain.config_keys.Config``); ``refresh`` and ``watch`` follow the database.

    Until the database was read once it is not ``known`` what an admin stored, and the defaults hold. A stored value
    that does not fit, because another version wrote it or its secret is lost, is ``unfit``: the last good one goes on,
    be it the default where nothing was stored. Who starts with such a value has no good one and must not serve by a
    default, which a switch may have been turned off against; of secrets the default is empty, and opens nothing.

    A value that holds for a time ends by itself, in every process and at its moment: the time is looked at when it is
    read.
    """

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        env: str,
        operation_ids: Iterable[str],
        own_defaults: Mapping[str, Any],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._clock = clock
        self.operation_ids = frozenset(operation_ids)
        self._defaults = {name: key.default_in(env) for name, key in CATALOGUE.items()} | dict(own_defaults)
        self._values = dict(self._defaults)
        self._stored: dict[str, tuple[Any, datetime | None]] = {}
        self._ends: dict[str, datetime] = {}
        self.writer = Writer(keyring, self.operation_ids, self._defaults)
        self._beside: list[Callable[[], Awaitable[None]]] = []
        self._read = False
        self._reading = asyncio.Lock()
        self._lost: frozenset[str] = frozenset()
        self.reach = Reach(database.place)
        self.unfit: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether each value is what an admin stored, or was until something that does not fit took its place."""
        return self._read and not self._lost

    def __getitem__(self, key: Key[V]) -> V:
        name = key.name
        value: V = self._defaults[name] if self._ends and self._ended(name) else self._values[name]
        return value

    def get(self, name: str) -> Any:
        return (self._defaults if self._ended(name) else self._values).get(name)

    def _ended(self, name: str) -> bool:
        end = self._ends.get(name)
        return end is not None and end <= self._clock()

    def ends_at(self, name: str) -> datetime | None:
        """When the value ends by itself."""
        return None if self._ended(name) else self._ends.get(name)

    def items(self) -> list[tuple[str, Any, bool]]:
        """Name, value as it may be shown, and whether it was changed; sorted by name."""
        names = sorted(name for name in self._values if name in self._defaults or not self._ended(name))
        return [(name, self.shown(name), name in self._stored and not self._ended(name)) for name in names]

    def default(self, name: str) -> Any:
        """What holds where nothing is stored; None for the contract's own limit."""
        return self._defaults.get(name)

    def shown(self, name: str) -> Any:
        """The value without secrets; None for a limit of the contract. Raises InvalidConfig for an unknown key."""
        if name not in self._values and not catalogue.exists(name, self.operation_ids):
            raise catalogue.unknown(name, self.operation_ids)
        value = self.get(name)
        return "(set)" if value and is_secret(name) else value

    async def set(self, name: str, value: Any, *, reason: str | None = None, until: datetime | None = None) -> None:
        """Check, store and audit one value, for a command. Raises InvalidConfig."""
        async with self._database.unit() as db:
            (written,) = await self.writer.write(
                db, [Wish(name, value, until=until)], Author(None, reason), self._clock()
            )
            told = None if is_secret(name) else written.after
            await db.audit.record("config.set", target=name, value=told, reason=reason)
        await self.refresh()

    async def unset(self, name: str, *, reason: str | None = None) -> bool:
        """Back to the default, audited; whether anything was stored. Raises InvalidConfig for an unknown key."""
        async with self._database.unit() as db:
            stored = name in await db.config.entries()
            if stored:
                await self.writer.write(db, [Wish(name, DEFAULT)], Author(None, reason), self._clock())
                await db.audit.record("config.unset", target=name, reason=reason)
        if not stored and not catalogue.exists(name, self.operation_ids):
            raise catalogue.unknown(name, self.operation_ids)
        await self.refresh()
        return stored

    async def history(self, name: str, most: int) -> Sequence[ConfigChange]:
        """The last changes of a key, the newest first. Raises InvalidConfig for a name that never was one."""
        async with self._database.reading() as db:
            changes = await db.config_history.page(name, None, most)
        if not changes and not catalogue.exists(name, self.operation_ids):
            raise catalogue.unknown(name, self.operation_ids)
        return changes

    async def restore(self, name: str, change_id: UUID, *, reason: str | None = None) -> None:
        """The value that the key had after an earlier change. Raises InvalidConfig."""
        async with self._database.reading() as db:
            earlier = await db.config_history.find(name, change_id)
        if earlier is None:
            raise InvalidConfig(f"{name} has no change {change_id}; `biore config history {name}` shows them")
        if is_secret(name) or not restorable(earlier):
            raise InvalidConfig(f"{name} is a secret, of which the history has only fingerprints; set it again")
        if earlier.after is None:
            await self.unset(name, reason=reason)
        else:
            await self.set(name, earlier.after, reason=reason)

    async def refresh(self) -> None:
        """Read what is stored, one after the other: an earlier reading never takes the place of a later one."""
        async with self._reading:
            async with self._database.reading() as db:
                entries = await db.config.entries()
            self._take(entries)

    def _take(self, entries: Mapping[str, ConfigEntry]) -> None:
        stored = {name: (entry.value, entry.expires_at) for name, entry in entries.items()}
        if self._read and stored == self._stored:
            return
        values, unfit, lost = dict(self._defaults), list[str](), set[str]()
        ends = {name: end for name, (_, end) in stored.items() if end is not None}
        for name, (value, end) in stored.items():
            if end is not None and end <= self._clock():
                continue
            try:
                values[name] = self.writer.clear(name, value)
            except ValueError as error:
                log.warning("config.unfit", key=name, reason=str(error))
                if not catalogue.exists(name, self.operation_ids):  # of another version: nobody here reads it
                    continue
                unfit.append(name)
                if self._read and name not in self._lost:
                    self._keep(name, values)
                elif not is_secret(name):
                    lost.add(name)
        self._values, self._stored, self._ends, self._read = values, stored, ends, True
        self.unfit, self._lost = tuple(sorted(unfit)), frozenset(lost)

    def _keep(self, name: str, values: dict[str, Any]) -> None:
        """The value as it was; of a rate limit without one the contract's."""
        if (value := self.get(name)) is not None:
            values[name] = value

    def follow(self, refresh: Callable[[], Awaitable[None]]) -> None:
        """Something else that follows the database, at the same pace."""
        self._beside.append(refresh)

    async def watch(self) -> None:
        """Follow changes of other nodes until cancelled."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            await self.keep_up()

    async def keep_up(self) -> None:
        """``refresh``; while the database is away, or waits for its migrations, what was known stays."""
        try:
            await self.refresh()
            for refresh in self._beside:
                await refresh()
        except psycopg.Error as error:
            if not self.reach.lost(error):
                log.warning("config.stale", reason=type(error).__name__)
        else:
            self.reach.found()
