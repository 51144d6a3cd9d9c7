"""The current config values of one process: the catalogue's defaults under what an admin stored, kept fresh."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import psycopg
import structlog

from domain.config_keys import Key, V
from domain.keys import Purpose
from persistence.engine.database import Database
from services.config import catalogue
from services.config.catalogue import CATALOGUE, is_secret
from services.config.reach import Reach
from services.keyring import Keyring

REFRESH_SECONDS = 2
SEALED = Purpose.CONFIG

log = structlog.get_logger(__name__)


class LiveConfig:
    """Read access for everybody (``domain.config_keys.Config``); ``refresh`` and ``watch`` follow the database.

    Until the database was read once it is not ``known`` what an admin stored, and the defaults hold. A stored value
    that does not fit, because another version wrote it or its secret is lost, is ``unfit``: the last good one goes on,
    be it the default where nothing was stored. Who starts with such a value has no good one and must not serve by a
    default, which a switch may have been turned off against; of secrets the default is empty, and opens nothing.
    """

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        env: str,
        operation_ids: Iterable[str],
        own_defaults: Mapping[str, Any],
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._operation_ids = frozenset(operation_ids)
        self._defaults = {name: key.default_in(env) for name, key in CATALOGUE.items()} | dict(own_defaults)
        self._values = dict(self._defaults)
        self._stored: dict[str, Any] = {}
        self._beside: list[Callable[[], Awaitable[None]]] = []
        self._read = False
        self._lost: frozenset[str] = frozenset()
        self.reach = Reach(database.place)
        self.unfit: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether each value is what an admin stored, or was until something that does not fit took its place."""
        return self._read and not self._lost

    def __getitem__(self, key: Key[V]) -> V:
        value: V = self._values[key.name]
        return value

    def get(self, name: str) -> Any:
        return self._values.get(name)

    def items(self) -> list[tuple[str, Any, bool]]:
        """Name, value as it may be shown, and whether it was changed; sorted by name."""
        return [(name, self.shown(name), name in self._stored) for name in sorted(self._values)]

    def default(self, name: str) -> Any:
        """What holds where nothing is stored; None for the contract's own limit."""
        return self._defaults.get(name)

    def shown(self, name: str) -> Any:
        """The value without secrets; None for a limit of the contract. Raises InvalidConfig for an unknown key."""
        if name not in self._values and not catalogue.exists(name, self._operation_ids):
            raise catalogue.unknown(name, self._operation_ids)
        value = self._values.get(name)
        return "(set)" if value and is_secret(name) else value

    async def set(self, name: str, value: Any) -> None:
        """Check, store and audit one value. Raises InvalidConfig."""
        checked = catalogue.check(name, value, self._operation_ids)
        stored = self._keyring.seal(SEALED, checked) if is_secret(name) else checked
        async with self._database.unit() as db:
            await db.config.put(name, stored)
            await db.audit.record("config.set", target=name, value=None if is_secret(name) else checked)
        await self.refresh()

    async def unset(self, name: str) -> bool:
        """Back to the default, audited; whether anything was stored. Raises InvalidConfig for an unknown key."""
        async with self._database.unit() as db:
            stored = await db.config.remove(name)
            if stored:
                await db.audit.record("config.unset", target=name)
        if not stored and not catalogue.exists(name, self._operation_ids):
            raise catalogue.unknown(name, self._operation_ids)
        await self.refresh()
        return stored

    async def refresh(self) -> None:
        async with self._database.reading() as db:
            stored = await db.config.all()
        if self._read and stored == self._stored:
            return
        values, unfit, lost = dict(self._defaults), list[str](), set[str]()
        for name, value in stored.items():
            try:
                clear = self._keyring.unseal(SEALED, str(value)) if is_secret(name) else value
                values[name] = catalogue.check(name, clear, self._operation_ids)
            except ValueError as error:
                log.warning("config.unfit", key=name, reason=str(error))
                if not catalogue.exists(name, self._operation_ids):  # of another version: nobody here reads it
                    continue
                unfit.append(name)
                if self._read and name not in self._lost:
                    self._keep(name, values)
                elif not is_secret(name):
                    lost.add(name)
        self._values, self._stored, self._read = values, stored, True
        self.unfit, self._lost = tuple(sorted(unfit)), frozenset(lost)

    def _keep(self, name: str, values: dict[str, Any]) -> None:
        """The value as it was; of a rate limit without one the contract's."""
        if name in self._values:
            values[name] = self._values[name]

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
