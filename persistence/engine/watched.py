"""The driver's connection, whose socket the event loop watches for good."""

import asyncio
from typing import Any, TypeVar

from psycopg import AsyncConnection, OperationalError
from psycopg.abc import PQGen
from psycopg.pq import ConnStatus
from psycopg.waiting import Ready, Wait

T = TypeVar("T")

NOBODY = -1


class WatchedConnection(AsyncConnection[tuple[Any, ...]]):
    """As its base; waiting for an answer costs no timer, and no word to the event loop before and after.

    A statement waits once, a transaction three times: that is a fifth of what an ordinary read costs beside its query
    (docs/performance.md). What arrives while nobody waits, such as the farewell of a server, ends the watch until the
    next wait; the loop would else tell of it again and again.
    """

    _watched = NOBODY
    _waiting: "asyncio.Future[None] | None" = None

    async def wait(self, gen: PQGen[T], interval: float = 0.0, timeout: float | None = None) -> T:  # noqa: ASYNC109 - the base's
        if timeout is not None:
            self._unwatch()
            return await super().wait(gen, timeout=timeout)
        try:
            state = next(gen)
            while state == Wait.R:
                await self._readable()
                state = gen.send(Ready.R)
        except StopIteration as end:
            found: T = end.value
            return found
        self._unwatch()  # there is more to write than the socket takes at once
        return await super().wait(_going_on(gen, state))

    async def close(self) -> None:
        self._unwatch()
        await super().close()

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        if self._watched == NOBODY:
            if self.pgconn.status == ConnStatus.BAD:
                raise OperationalError("the connection was lost")
            self._watched = self.pgconn.socket
            loop.add_reader(self._watched, self._arrived)
        self._waiting = loop.create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def _arrived(self) -> None:
        if self._waiting is None or self._waiting.done():
            self._unwatch()
        else:
            self._waiting.set_result(None)

    def _unwatch(self) -> None:
        if self._watched != NOBODY:
            watched, self._watched = self._watched, NOBODY
            asyncio.get_running_loop().remove_reader(watched)


def _going_on(gen: PQGen[T], state: Wait) -> PQGen[T]:
    """What is left of ``gen``, which waits for ``state``."""
    while True:
        try:
            state = gen.send((yield state))
        except StopIteration as end:
            found: T = end.value
            return found
