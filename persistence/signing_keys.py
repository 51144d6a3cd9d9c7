"""Keys that sign access tokens, once a rotation replaced the one derived from the deployment's secret."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from persistence.engine.connection import Connection
from persistence.models import SigningKey


class SigningKeys:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def all(self) -> Sequence[SigningKey]:
        """The live one first, then retired ones, the newest first."""
        order = SigningKey.retired_at.desc().nulls_first(), SigningKey.created_at.desc(), SigningKey.kid
        return await self._connection.scalars(select(SigningKey).order_by(*order))

    async def hold(self) -> None:
        """Until the transaction ends nobody else rotates: two rotations at once leave one live key, not two."""
        await self._connection.execute(text("LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE"))

    async def add(self, kid: str, sealed: str, now: datetime) -> None:
        await self._connection.execute(insert(SigningKey).values(kid=kid, sealed=sealed, created_at=now))

    async def add_retired(self, kids: Iterable[str], now: datetime) -> None:
        """Derived keys, which have no material of their own; one that was retired before keeps its moment."""
        rows = [{"kid": kid, "sealed": "", "created_at": now, "retired_at": now} for kid in kids]
        await self._connection.execute(pg_insert(SigningKey).values(rows).on_conflict_do_nothing())

    async def retire_all(self, now: datetime) -> None:
        live = update(SigningKey).where(SigningKey.retired_at.is_(None))
        await self._connection.execute(live.values(retired_at=now))

    async def purge(self, before: datetime) -> None:
        await self._connection.execute(delete(SigningKey).where(SigningKey.retired_at < before))
