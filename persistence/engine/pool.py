"""Connections to PostgreSQL that are kept at hand."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from psycopg import AsyncCursor, OperationalError
from psycopg import Error as PsycopgError
from psycopg.pq import TransactionStatus

from persistence.engine.watched import WatchedConnection

LIFE_SECONDS = 1800
PATIENCE_SECONDS = 5
CANCEL_SECONDS = 1
# More statements than the code has; the driver's own bound would have it prepare them again and again.
PREPARED_MOST = 1000

Values: TypeAlias = Mapping[str, Any]
Rows: TypeAlias = Sequence[tuple[Any, ...]]
Cursor: TypeAlias = AsyncCursor[tuple[Any, ...]]
Fetch: TypeAlias = Callable[[str, Values], Awaitable[Rows]]
Observe: TypeAlias = Callable[[str, Values], AbstractContextManager[Any]]
"""Entered around each statement, of which it gets the text and the values."""


class PoolExhausted(OperationalError):
    """Nobody gave a connection back in time."""


@dataclass(frozen=True, slots=True)
class PoolState:
    """``size`` is the most that may be open, ``in_use`` lent now, ``waiting`` those who want one and got none yet."""

    size: int
    in_use: int
    waiting: int


class PooledConnection:
    """A connection, and the one cursor that it needs."""

    __slots__ = ("_cursor", "_pool", "connection", "ends")

    def __init__(self, pool: "Pool", connection: WatchedConnection, ends: float) -> None:
        connection.prepared_max = PREPARED_MOST
        self.connection = connection
        self.ends = ends
        self._pool = pool
        self._cursor: Cursor = connection.cursor()

    async def send(self, text: str, values: Values) -> Rows:
        """Execute one statement; the rows that it returns."""
        if self._pool.observe is not None:
            with self._pool.observe(text, values):
                return await self._send(text, values)
        return await self._send(text, values)

    async def control(self, text: str) -> None:
        """Divide a transaction, or say what it is like."""
        await self._cursor.execute(text)

    async def _send(self, text: str, values: Values) -> Rows:
        cursor = self._cursor
        await cursor.execute(text, values)
        return () if cursor.rownumber is None else await cursor.fetchall()


class Pool:
    """Up to ``size`` connections. Whoever waits for one gets it in the order of arrival, the last used first.

    A pool of the driver's authors checks each connection on its way, and asks for new ones in the background, which
    keeps callers waiting while the database is away; here they learn it at once. Whatever goes wrong on a connection
    closes it. Times are in seconds.
    """

    def __init__(
        self,
        url: str,
        options: Mapping[str, Any],
        size: int,
        *,
        patience: float = PATIENCE_SECONDS,
        life: float = LIFE_SECONDS,
    ) -> None:
        self.observe: Observe | None = None
        self._url = url
        self._options = options
        self._size = size
        self._patience = patience
        self._life = life
        self._open = 0
        self._idle: list[PooledConnection] = []
        self._waiting: deque[asyncio.Future[PooledConnection | None]] = deque()

    @property
    def state(self) -> PoolState:
        waiting = sum(not waiter.done() for waiter in self._waiting)
        return PoolState(self._size, self._open - len(self._idle), waiting)

    @property
    def size(self) -> int:
        return self._size

    async def take(self) -> PooledConnection:
        """Raises PoolExhausted, or psycopg.OperationalError when the database is out of reach."""
        if self._idle:
            return self._idle.pop()
        if self._open < self._size:
            self._open += 1
        elif (handed := await self._wait()) is not None:
            return handed
        try:
            connection = await WatchedConnection.connect(self._url, autocommit=True, **self._options)
        except BaseException:
            self._closed()
            raise
        return PooledConnection(self, connection, time.monotonic() + self._life)

    async def _wait(self) -> PooledConnection | None:
        """One that somebody gave back; None: the place of one that was closed."""
        waiter: asyncio.Future[PooledConnection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(self._patience):
                return await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled():  # it came at the very moment
                self._hand_on(waiter.result())
            elif waiter in self._waiting:
                self._waiting.remove(waiter)
            if isinstance(error, TimeoutError):
                raise PoolExhausted(f"no connection was free within {self._patience} s") from None
            raise

    async def fetch(self, text: str, values: Values) -> Rows:
        """The rows of a single statement, without a transaction.

        Raises psycopg.OperationalError when the database is out of reach, or silent for ``patience``.
        """
        try:
            async with asyncio.timeout(self._patience):
                pooled = await self.take()
                try:
                    rows = await pooled.send(text, values)
                except BaseException:
                    await self.discard(pooled)
                    await self.close()  # of a server that says nothing
                    raise
                await self.give_back(pooled)
                return rows
        except TimeoutError:
            raise OperationalError(f"no answer within {self._patience} s") from None

    async def give_back(self, pooled: PooledConnection) -> None:
        """In whatever state it is: one that cannot be used again is closed."""
        if pooled.connection.pgconn.transaction_status != TransactionStatus.IDLE:
            await self.discard(pooled)
        elif time.monotonic() < pooled.ends:
            self._hand_on(pooled)
        else:
            await self._end(pooled)

    async def discard(self, pooled: PooledConnection) -> None:
        """Close one on which something went wrong. Where the server went away, those that lie idle hang on it, too."""
        gone = pooled.connection.closed
        await self._end(pooled)
        if gone:
            await self.close()

    async def close(self) -> None:
        """Close what is idle; what is in use goes on."""
        while self._idle:
            await self._end(self._idle.pop())

    async def _end(self, pooled: PooledConnection) -> None:
        connection = pooled.connection
        try:
            if connection.pgconn.transaction_status == TransactionStatus.ACTIVE:  # nobody waits for its answer any more
                with suppress(OSError, PsycopgError):
                    await connection.cancel_safe(timeout=CANCEL_SECONDS)
        finally:
            await connection.close()  # at once: it waits for nothing
            self._closed()

    def _closed(self) -> None:
        self._open -= 1
        if (waiter := self._next()) is not None:
            self._open += 1
            waiter.set_result(None)

    def _hand_on(self, pooled: PooledConnection | None) -> None:
        if pooled is None:
            self._closed()
        elif (waiter := self._next()) is not None:
            waiter.set_result(pooled)
        else:
            self._idle.append(pooled)

    def _next(self) -> "asyncio.Future[PooledConnection | None] | None":
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                return waiter
        return None
