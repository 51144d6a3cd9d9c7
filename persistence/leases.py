"""Connections kept at hand for the one-row reads of every call, past the pool of SQLAlchemy."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from psycopg import AsyncConnection, OperationalError

CONNECTIONS = 8
WAIT_SECONDS = 5
LIFE_SECONDS = 1800

Fetch = Callable[[str, Mapping[str, Any]], Awaitable[tuple[Any, ...] | None]]


class Leases:
    """Up to ``size`` connections of our own, for single statements that change nothing. Times are in seconds.

    The last used is taken first. A pool's bookkeeping, and a transaction around one SELECT, would each cost more than
    the query does. Whatever goes wrong closes the connection, and all that lie idle: they hang on the same server.
    """

    def __init__(
        self,
        url: str,
        options: Mapping[str, Any],
        *,
        size: int = CONNECTIONS,
        patience: float = WAIT_SECONDS,
        life: float = LIFE_SECONDS,
    ) -> None:
        self._url = url
        self._options = options
        self._patience = patience
        self._life = life
        self._turns = asyncio.Semaphore(size)
        self._idle: list[tuple[AsyncConnection[Any], float]] = []

    async def fetch(self, query: str, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The first row. Raises psycopg.OperationalError when the database is out of reach, or busy for too long."""
        await self._take_turn()
        try:
            return await self._fetch(query, parameters)
        finally:
            self._turns.release()

    async def _take_turn(self) -> None:
        if not self._turns.locked():
            await self._turns.acquire()  # without a wait, and so without a timer
            return
        try:
            await asyncio.wait_for(self._turns.acquire(), self._patience)
        except TimeoutError:
            raise OperationalError(f"no connection came free within {self._patience} s") from None

    async def _fetch(self, query: str, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
        connection, ends = self._idle.pop() if self._idle else await self._connect()
        try:
            cursor = await connection.execute(query, parameters, prepare=True)
            row: tuple[Any, ...] | None = await cursor.fetchone()
        except BaseException:
            await connection.close()
            await self.close()
            raise
        if time.monotonic() < ends:
            self._idle.append((connection, ends))
        else:
            await connection.close()
        return row

    async def _connect(self) -> tuple[AsyncConnection[Any], float]:
        connection = await AsyncConnection.connect(self._url, autocommit=True, **self._options)
        return connection, time.monotonic() + self._life

    async def close(self) -> None:
        """Close what is idle; what is in use goes on."""
        idle, self._idle = self._idle, []
        for connection, _ in idle:
            await connection.close()
