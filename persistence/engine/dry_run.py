"""One transaction around all units of a call, which ends with nothing of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text

from domain.users import Trace
from persistence.engine.connection import Connection
from persistence.engine.database import Database
from persistence.repositories import Repositories

CHECKED = text("SET CONSTRAINTS ALL IMMEDIATE")


class Uncommitted(Connection):
    async def commit(self) -> None:
        """Whoever asks for it: nothing of a dry run is kept."""


class DryRun:
    """Units see what those before them did; each is a savepoint, which is all that its end keeps."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None

    @asynccontextmanager
    async def unit(self, trace: Trace) -> AsyncIterator[Repositories]:
        if self._connection is None:
            self._connection = Uncommitted(self._database.pool)
        async with self._connection.savepoint():
            yield self._database.repositories(self._connection, trace)

    async def check(self) -> None:
        """What is asked at the commit, which never comes. Raises as it would."""
        if self._connection is not None:
            await self._connection.execute(CHECKED)

    async def end(self) -> None:
        """Roll all of it back; harmless when nothing was begun."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()
