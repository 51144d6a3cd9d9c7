"""The unit of work of one call, or of one job."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from domain.users import Trace
from persistence.engine.database import Database
from persistence.repositories import Repositories

Afterwards = Callable[[Repositories], Awaitable[bool]]


class LostClaim(Exception):
    """Another call or worker took over meanwhile; nothing of ours was kept."""


class UnitOfWork:
    """``async with uow() as db`` commits at the end of the block.

    ``async with uow.last() as db`` leaves the commit to whoever runs the use case, so that its effect and the fact that
    it is done (the stored answer, the finished job) become true together or not at all.
    """

    def __init__(self, database: Database, trace: Trace) -> None:
        self._database = database
        self._trace = trace
        self._open: AsyncSession | None = None

    @property
    def pending(self) -> bool:
        """Whether a last unit waits for its commit."""
        return self._open is not None

    def __call__(self) -> AbstractAsyncContextManager[Repositories]:
        return self._database.unit(self._trace)

    @asynccontextmanager
    async def last(self) -> AsyncIterator[Repositories]:
        if self._open is not None:
            raise RuntimeError("a use case has one last unit of work")
        session = self._database.session()
        try:
            yield self._database.repositories(session, self._trace)
            await session.flush()
        except BaseException:
            await session.close()
            raise
        self._open = session

    async def conclude(self, afterwards: Afterwards | None = None) -> None:
        """Commit the last unit with ``afterwards``. Raises LostClaim, and keeps nothing, when that says False."""
        if self._open is None and afterwards is None:
            return
        session, self._open = self._open or self._database.session(), None
        async with session:
            if afterwards is not None and not await afterwards(self._database.repositories(session, self._trace)):
                raise LostClaim
            await session.commit()

    async def abandon(self) -> None:
        """Roll back what ``last`` left open; harmless when nothing is."""
        if self._open is not None:
            session, self._open = self._open, None
            await session.close()
