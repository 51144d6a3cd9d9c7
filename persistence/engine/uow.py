"""The unit of work of one call, or of one job."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from domain.users import Trace
from persistence.engine.connection import Connection
from persistence.engine.database import Database
from persistence.engine.dry_run import DryRun
from persistence.repositories import Repositories

Afterwards = Callable[[Repositories], Awaitable[bool]]


class LostClaim(Exception):
    """Another call or worker took over meanwhile; nothing of ours was kept."""


class UnitOfWork:
    """``async with uow() as db`` commits at the end of the block.

    ``async with uow.last() as db`` leaves the commit to whoever runs the use case, so that its effect and the fact that
    it is done (the stored answer, the finished job) become true together or not at all. ``reading``: whoever runs it
    promised that it writes nothing, so there is no transaction.

    A ``dry`` one has no way to commit: its units are savepoints of a transaction that is rolled back.
    """

    def __init__(self, database: Database, trace: Trace, *, reading: bool = False, dry: bool = False) -> None:
        self._dry = DryRun(database) if dry else None
        self._database = database
        self._trace = trace
        self._reading = reading
        self._open: Connection | None = None

    @property
    def pending(self) -> bool:
        """Whether a last unit waits for its commit."""
        return self._open is not None

    def __call__(self) -> AbstractAsyncContextManager[Repositories]:
        if self._reading:
            return self.reading()
        return (self._dry or self._database).unit(self._trace)

    def reading(self) -> AbstractAsyncContextManager[Repositories]:
        """Statements that stand alone, none of which writes. Those of a dry run see what it wrote."""
        return self._database.reading() if self._dry is None else self._dry.unit(self._trace)

    @asynccontextmanager
    async def last(self) -> AsyncIterator[Repositories]:
        if self._open is not None or self._reading:
            raise RuntimeError("a use case has one last unit of work, and one that reads has none")
        if self._dry is not None:
            async with self._dry.unit(self._trace) as db:
                yield db
            return
        connection = self._database.connection()
        try:
            yield self._database.repositories(connection, self._trace)
        except BaseException:
            await connection.close()
            raise
        self._open = connection

    async def conclude(self, afterwards: Afterwards | None = None) -> None:
        """Commit the last unit with ``afterwards``. Raises LostClaim, and keeps nothing, when that says False."""
        if self._dry is not None:
            await self._dry.check()
            return
        if self._open is None and afterwards is None:
            return
        connection, self._open = self._open or self._database.connection(), None
        async with connection:
            if afterwards is not None and not await afterwards(self._database.repositories(connection, self._trace)):
                raise LostClaim

    async def abandon(self) -> None:
        """Roll back what ``last`` left open, or the whole dry run; harmless when nothing is."""
        if self._dry is not None:
            await self._dry.end()
        if self._open is not None:
            connection, self._open = self._open, None
            await connection.close()
