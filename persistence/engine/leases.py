"""Connections kept at hand for the reads of every call, past the pool of SQLAlchemy."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from psycopg import AsyncConnection, OperationalError

PATIENCE_SECONDS = 5
LIFE_SECONDS = 1800

Rows = Sequence[tuple[Any, ...]]
Fetch = Callable[[str, Mapping[str, Any]], Awaitable[Rows]]


class Leases:
    """As many connections as there are calls at the same time, for single statements that change nothing.

    The last used is taken first. A pool's bookkeeping, and a transaction around one SELECT, would each cost more than
    the query does. Whatever goes wrong closes the connection, and all that lie idle: they hang on the same server.
    Times are in seconds.
    """

    def __init__(
        self, url: str, options: Mapping[str, Any], *, patience: float = PATIENCE_SECONDS, life: float = LIFE_SECONDS
    ) -> None:
        self._url = url
        self._options = options
        self._patience = patience
        self._life = life
        self._idle: list[tuple[AsyncConnection[Any], float]] = []

    async def fetch(self, query: str, parameters: Mapping[str, Any]) -> Rows:
        """Raises psycopg.OperationalError when the database is out of reach, or silent for ``patience``."""
        try:
            async with asyncio.timeout(self._patience):
                return await self._fetch(query, parameters)
        except TimeoutError:
            raise OperationalError(f"no answer within {self._patience} s") from None

    async def _fetch(self, query: str, parameters: Mapping[str, Any]) -> Rows:
        connection, ends = self._idle.pop() if self._idle else await self._connect()
        try:
            cursor = await connection.execute(query, parameters, prepare=True)
            rows: Rows = await cursor.fetchall()
        except BaseException:
            await connection.close()
            await self.close()
            raise
        if time.monotonic() < ends:
            self._idle.append((connection, ends))
        else:
            await connection.close()
        return rows

    async def _connect(self) -> tuple[AsyncConnection[Any], float]:
        connection = await AsyncConnection.connect(self._url, autocommit=True, **self._options)
        return connection, time.monotonic() + self._life

    async def close(self) -> None:
        """Close what is idle; what is in use goes on."""
        idle, self._idle = self._idle, []
        for connection, _ in idle:
            await connection.close()
