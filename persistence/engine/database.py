"""The connection to PostgreSQL and the unit of work in which every change happens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from domain.keys import DigestsOf
from domain.users import Trace
from persistence.engine.leases import Leases
from persistence.engine.url import driver_url, libpq_url
from persistence.outbox import Seal
from persistence.repositories import Repositories

NOBODY = Trace()
CONNECT_SECONDS = 3
POOL_SECONDS = 5
OUTAGES = (OperationalError, InterfaceError, PoolTimeout, psycopg.OperationalError, psycopg.InterfaceError)


def is_outage(error: BaseException) -> bool:
    """Whether the database is out of reach or asks for patience, so that the same call may work soon."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, OUTAGES)


def is_deadlock(error: BaseException) -> bool:
    """Whether the transaction was given up because it and another one waited for each other: a fault of ours."""
    return isinstance(getattr(error, "orig", error), psycopg.errors.DeadlockDetected)


class Database:
    """``url`` is a libpq URL (``postgresql://…``, socket form too). ``seal`` and ``digests`` are the keyring's."""

    def __init__(self, url: str, seal: Seal, digests: DigestsOf, pool_size: int = 10) -> None:
        self._seal = seal
        self._digests = digests
        options = {"connect_timeout": CONNECT_SECONDS, "options": "-c timezone=UTC"}
        self.leases = Leases(libpq_url(url), options)
        self.engine: AsyncEngine = create_async_engine(
            driver_url(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=POOL_SECONDS,
            pool_recycle=1800,
            connect_args=options,
        )
        self._writing = async_sessionmaker(self.engine, expire_on_commit=False)
        self._reading = async_sessionmaker(self.engine.execution_options(isolation_level="AUTOCOMMIT"))

    @asynccontextmanager
    async def unit(self, trace: Trace = NOBODY) -> AsyncIterator[Repositories]:
        """One transaction: leaving the block commits, raising rolls back."""
        async with self._writing() as session, session.begin():
            yield self.repositories(session, trace)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Repositories]:
        """Single statements without a transaction around them."""
        async with self._reading() as session:
            yield self.repositories(session, NOBODY)

    def repositories(self, session: AsyncSession, trace: Trace) -> Repositories:
        return Repositories(session, trace, self._seal, self._digests)

    def session(self) -> AsyncSession:
        """A session whose transaction the caller ends."""
        return self._writing()

    async def close(self) -> None:
        await self.leases.close()
        await self.engine.dispose()
