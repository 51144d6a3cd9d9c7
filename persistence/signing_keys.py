"""Keys that sign access tokens, once a rotation replaced the one derived from the deployment's secret."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncSession

from persistence.models import SigningKey


class SigningKeys:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self) -> Sequence[SigningKey]:
        """The live one first, then retired ones, the newest first."""
        order = SigningKey.retired_at.desc().nulls_first(), SigningKey.created_at.desc(), SigningKey.kid
        return (await self._session.scalars(select(SigningKey).order_by(*order))).all()

    async def hold(self) -> None:
        """Until the transaction ends nobody else rotates: two rotations at once leave one live key, not two."""
        await self._session.execute(text("LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE"))

    async def add(self, kid: str, sealed: str, now: datetime) -> None:
        self._session.add(SigningKey(kid=kid, sealed=sealed, created_at=now))
        await self._session.flush()

    async def add_retired(self, kids: Iterable[str], now: datetime) -> None:
        """Derived keys, which have no material of their own; one that was retired before keeps its moment."""
        rows = [{"kid": kid, "sealed": "", "created_at": now, "retired_at": now} for kid in kids]
        await self._session.execute(pg_insert(SigningKey).values(rows).on_conflict_do_nothing())

    async def retire_all(self, now: datetime) -> None:
        live = update(SigningKey).where(SigningKey.retired_at.is_(None))
        await self._session.execute(live.values(retired_at=now))

    async def purge(self, before: datetime) -> None:
        await self._session.execute(delete(SigningKey).where(SigningKey.retired_at < before))
