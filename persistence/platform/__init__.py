"""Figures of the platform, in one row that is written once per hour."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from persistence.engine.connection import Connection
from persistence.engine.statements import kept
from persistence.models import CreatorProfile, PlatformStats, User

ONE = 1
# Of all profiles, which have next to nothing in them, and of the few accounts that are not active, which have an index.
PROFILES = select(func.count(CreatorProfile.user_id)).scalar_subquery()
INACTIVE = (
    select(func.count(CreatorProfile.user_id))
    .join(User, User.id == CreatorProfile.user_id)
    .where(User.status != "ACTIVE")
    .scalar_subquery()
)
FIGURES = kept(select(PlatformStats).where(PlatformStats.id == ONE))


class Figures:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self) -> PlatformStats | None:
        """None before they were counted first."""
        return await self._connection.scalar(FIGURES)

    async def count_first(self, now: datetime) -> PlatformStats:
        """The figures, counted now unless somebody else was faster."""
        made = _counted(now).on_conflict_do_nothing().returning(PlatformStats)
        found: PlatformStats | None = await self._connection.scalar(made)
        if found is not None:
            return found
        return await self._connection.scalar_one(FIGURES)

    async def count(self, now: datetime) -> None:
        counted = _counted(now)
        again = {name: counted.excluded[name] for name in ("total_creators", "counted_at")}
        await self._connection.execute(counted.on_conflict_do_update(index_elements=["id"], set_=again))


def _counted(now: datetime) -> Any:
    return insert(PlatformStats).values(id=ONE, total_creators=PROFILES - INACTIVE, counted_at=now)
