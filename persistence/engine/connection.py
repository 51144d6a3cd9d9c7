"""What repositories ask the database by."""

from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar, TypeVarTuple

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.sql import SQL
from sqlalchemy import Row, Text, cast, func, select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.selectable import TypedReturnsRows

from persistence.engine.pool import Pool, PooledConnection, Rows, Values
from persistence.engine.statements import Compiled, bound, kept

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Rest: TypeAlias = tuple[Any, ...]
Returning: TypeAlias = TypedReturnsRows[T, *Rest]
EXPORTED = kept(select(cast(func.pg_export_snapshot(), Text)))


class Connection:
    """Statements of SQLAlchemy Core, without its session: rows are what was read, and nothing keeps them up to date.

    A statement is built for one call, or kept with a ``bindparam`` for each value, which then comes by name: that of a
    busy operation is kept, for to build it takes longer than to execute it. A row has its columns by name; of a model
    that is selected whole it has a record with the model's attributes. The connection is taken from the pool, and a
    transaction begins, with the first statement. ``reading``: each statement stands alone, and one that writes is
    refused.

    ``async with`` commits at the end, or rolls back what raises.
    """

    def __init__(self, pool: Pool, *, reading: bool = False) -> None:
        self._pool = pool
        self._reading = reading
        self._pooled: PooledConnection | None = None

    async def execute(self, statement: ClauseElement, **values: Any) -> None:
        await self._ask(statement, values)

    async def rows(self, statement: TypedReturnsRows[*Ts], **values: Any) -> Sequence[Row[*Ts]]:
        compiled, found = await self._ask(statement, values)
        return compiled.rows(found)

    async def row(self, statement: TypedReturnsRows[*Ts], **values: Any) -> Row[*Ts] | None:
        """The first, where there is one."""
        compiled, found = await self._ask(statement, values)
        return compiled.rows(found[:1])[0] if found else None

    async def one(self, statement: TypedReturnsRows[*Ts], **values: Any) -> Row[*Ts]:
        """Raises NoResultFound."""
        row = await self.row(statement, **values)
        if row is None:
            raise NoResultFound("the statement found no row")
        return row

    async def scalars(self, statement: Returning[T], **values: Any) -> Sequence[T]:
        """The first column, or model, of each row."""
        return [row[0] for row in await self.rows(statement, **values)]

    async def scalar_one(self, statement: Returning[T], **values: Any) -> T:
        """Raises NoResultFound."""
        return (await self.one(statement, **values))[0]

    async def scalar(self, statement: Returning[T], **values: Any) -> T | None:
        """The first column, or model, of the first row."""
        row = await self.row(statement, **values)
        return None if row is None else row[0]

    async def batches(self, statement: ClauseElement, size: int) -> AsyncIterator[Sequence[Row[*Rest]]]:
        """All rows, ``size`` at a time: there may be more than fit into memory."""
        compiled, text, values = bound(statement, {})
        async with (await self._ready()).connection.cursor("batches") as cursor:
            await cursor.execute(text, values)
            while found := await cursor.fetchmany(size):
                yield compiled.rows(found)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """What raises inside undoes what was done inside, and no more."""
        await self._control("SAVEPOINT inner_work")
        try:
            yield
        except BaseException:
            if self._pooled is not None:  # else the connection was lost, and everything with it
                await self._control("ROLLBACK TO SAVEPOINT inner_work")
                await self._control("RELEASE SAVEPOINT inner_work")
            raise
        await self._control("RELEASE SAVEPOINT inner_work")

    async def use_snapshot(self, moment: str | None = None, *, read_only: bool = False) -> None:
        """From here on all statements see the data of one moment. Nothing may have been asked before.

        ``moment``: that of another connection, which goes on with its transaction meanwhile.
        """
        await self._control(f"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ{' READ ONLY' if read_only else ''}")
        if moment is not None:
            await self._control(SQL("SET TRANSACTION SNAPSHOT {}").format(moment).as_string())

    async def moment(self) -> str:
        """Of the snapshot in use, for other connections."""
        return await self.scalar_one(EXPORTED)

    async def commit(self) -> None:
        """Raises psycopg.errors.InFailedSqlTransaction, and keeps nothing, after a statement that failed."""
        if (pooled := self._pooled) is None:
            return
        if pooled.connection.pgconn.transaction_status == TransactionStatus.INERROR:
            await self.close()
            raise psycopg.errors.InFailedSqlTransaction("a statement before the commit failed")
        await self._finish(pooled, pooled.connection.commit())

    async def close(self) -> None:
        """Roll back what was not committed."""
        if (pooled := self._pooled) is not None:
            with suppress(psycopg.Error):  # whatever it is, nothing is kept
                await self._finish(pooled, pooled.connection.rollback())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            await self.commit()
        else:
            await self.close()

    async def _ask(self, statement: ClauseElement, given: Values) -> tuple[Compiled, Rows]:
        compiled, text, values = bound(statement, given)
        if self._reading and compiled.writes:
            raise RuntimeError(f"a reading unit was asked to write: {text}")
        pooled = self._pooled or await self._ready()
        return compiled, await self._minding(pooled, pooled.send(text, values))

    async def _control(self, text: str) -> None:
        pooled = await self._ready()
        await self._minding(pooled, pooled.control(text))

    async def _ready(self) -> PooledConnection:
        if self._pooled is None:
            self._pooled = pooled = await self._pool.take()
            if pooled.connection.autocommit != self._reading:  # otherwise the driver begins with the first statement
                await self._minding(pooled, pooled.connection.set_autocommit(self._reading))
        return self._pooled

    async def _finish(self, pooled: PooledConnection, under_way: Awaitable[None]) -> None:
        try:
            await self._minding(pooled, under_way)
        finally:
            if self._pooled is not None:
                self._pooled = None
                await self._pool.give_back(pooled)

    async def _minding(self, pooled: PooledConnection, under_way: Awaitable[T]) -> T:
        try:
            return await under_way
        except psycopg.errors.FeatureNotSupported as error:
            if error.diag.source_function != "RevalidateCachedQuery":
                raise
            await self._lose(pooled)  # a migration changed a table under what is prepared there
            raise psycopg.OperationalError(*error.args) from error
        except BaseException:
            # Of a call that was given up the answer is still to come, and must not be taken for that of another one.
            if pooled.connection.closed or pooled.connection.pgconn.transaction_status == TransactionStatus.ACTIVE:
                await self._lose(pooled)
            raise

    async def _lose(self, pooled: PooledConnection) -> None:
        self._pooled = None
        await self._pool.discard(pooled)
