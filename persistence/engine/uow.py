"""The unit of work of one call, or of one job."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from domain.users import Trace
from persistence.engine.connection import Connection
from persistence.engine.database import Database
from persistence.repositories import Repositories

Afterwards = Callable[[Repositories], Awaitable[bool]]


class LostClaim(Exception):
    """Another call or worker took over meanwhile; nothing of ours was kept."""


class UnitOfWork:
    """``async with uow() as db`` commits at the end of the block.

    ``async with uow.last() as db`` leaves the commit to whoever runs the use case, so that its effect and the fact that
    it is done (the stored answer, the finished job) become true together or not at all. ``reading``: whoever runs it
    promised that it writes nothing, so there is no transaction.
    """

    def __init__(self, database: Database, trace: Trace, *, reading: bool = False) -> None:
        self._database = database
        self._trace = trace
        self._reading = reading
        self._open: Connection | None = None

    @property
    def pending(self) -> bool:
        """Whether a last unit waits for its commit."""
        return self._open is not None

    def __call__(self) -> AbstractAsyncContextManager[Repositories]:
        return self.reading() if self._reading else self._database.unit(self._trace)

    def reading(self) -> AbstractAsyncContextManager[Repositories]:
        """Statements that stand alone, none of which writes."""
        return self._database.reading()

    @asynccontextmanager
    async def last(self) -> AsyncIterator[Repositories]:
        if self._open is not None or self._reading:
            raise RuntimeError("a use case has one last unit of work, and one that reads has none")
        connection = self._database.connection()
        try:
            yield self._database.repositories(connection, self._trace)
        except BaseException:
            await connection.close()
            raise
        self._open = connection

    async def conclude(self, afterwards: Afterwards | None = None) -> None:
        """Commit the last unit with ``afterwards``. Raises LostClaim, and keeps nothing, when that says False."""
        if self._open is None and afterwards is None:
            return
        connection, self._open = self._open or self._database.connection(), None
        async with connection:
            if afterwards is not None and not await afterwards(self._database.repositories(connection, self._trace)):
                raise LostClaim

    async def abandon(self) -> None:
        """Roll back what ``last`` left open; harmless when nothing is."""
        if self._open is not None:
            connection, self._open = self._open, None
            await connection.close()
