"""The database, and the unit of work in which every change happens."""

from contextlib import AbstractAsyncContextManager
from types import TracebackType

import psycopg

from domain.keys import DigestsOf
from domain.users import Trace
from persistence.engine.connection import Connection
from persistence.engine.pool import Pool
from persistence.engine.reach import place_of
from persistence.engine.url import libpq_url
from persistence.outbox import Seal
from persistence.repositories import Repositories

NOBODY = Trace()
CONNECT_SECONDS = 3
# Whose session a token names is asked for all calls that wait at once: two questions are under way at most.
OF_SESSIONS = 2
OUTAGES = (psycopg.OperationalError, psycopg.InterfaceError)


def is_outage(error: BaseException) -> bool:
    """Whether the database is out of reach or asks for patience, so that the same call may work soon."""
    return isinstance(error, OUTAGES)


def is_deadlock(error: BaseException) -> bool:
    """Whether the transaction was given up because it and another one waited for each other: a fault of ours."""
    return isinstance(error, psycopg.errors.DeadlockDetected)


class Unit:
    """The repositories of one connection, which ends with the block."""

    __slots__ = ("_repositories",)

    def __init__(self, repositories: Repositories) -> None:
        self._repositories = repositories

    async def __aenter__(self) -> Repositories:
        return self._repositories

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._repositories.connection.__aexit__(kind, error, trace)


class Database:
    """``url`` is a libpq URL (``postgresql://…``, socket form too). ``seal`` and ``digests`` are the keyring's.

    ``place`` is where it is, for messages. ``sessions`` are connections of their own: who calls is found out while all
    others are lent.
    """

    def __init__(self, url: str, seal: Seal, digests: DigestsOf, pool_size: int = 10) -> None:
        self._seal = seal
        self._digests = digests
        self.place = place_of(url)
        options = {"connect_timeout": CONNECT_SECONDS, "options": "-c timezone=UTC"}
        self.pool = Pool(libpq_url(url), options, pool_size)
        self.sessions = Pool(libpq_url(url), options, OF_SESSIONS)

    def unit(self, trace: Trace = NOBODY) -> AbstractAsyncContextManager[Repositories]:
        """One transaction: leaving the block commits, raising rolls back."""
        return Unit(self.repositories(self.connection(), trace))

    def reading(self) -> AbstractAsyncContextManager[Repositories]:
        """Single statements without a transaction around them, none of which writes."""
        return Unit(self.repositories(self.connection(reading=True), NOBODY))

    def identifying(self) -> AbstractAsyncContextManager[Repositories]:
        """As ``reading``, on the connections by which callers are known while all others are lent."""
        return Unit(self.repositories(Connection(self.sessions, reading=True), NOBODY))

    def repositories(self, connection: Connection, trace: Trace) -> Repositories:
        return Repositories(connection, trace, self._seal, self._digests)

    def connection(self, *, reading: bool = False) -> Connection:
        """One whose transaction the caller ends; with ``reading`` there is none."""
        return Connection(self.pool, reading=reading)

    async def close(self) -> None:
        await self.sessions.close()
        await self.pool.close()
