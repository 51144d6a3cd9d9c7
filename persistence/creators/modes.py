"""In which mode a creator is: on vacation, open to messages. Locks are taken in one order: profile, page, links."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Integer, bindparam, func, select, union_all, update

from persistence.engine.connection import Connection
from persistence.models import BioPage, CreatorProfile

Row = CreatorProfile
NOW = bindparam("now", type_=DateTime(timezone=True))
OWN = (
    select(Row)
    .join(BioPage, BioPage.creator_id == Row.id)
    .where(Row.id == bindparam("creator_id"), Row.user_id == bindparam("user_id"))
)
HELD = select(Row).where(Row.id == bindparam("creator_id")).with_for_update(key_share=True)
OVERDUE = union_all(
    select(Row.id).where(Row.creator_status == "ACTIVE", Row.vacation_mode, Row.vacation_start <= NOW),
    select(Row.id).where(Row.creator_status == "VACATION", Row.vacation_end <= NOW),
).limit(bindparam("limit", type_=Integer))


class CreatorModes:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find_own(self, creator_id: UUID, user_id: UUID) -> CreatorProfile | None:
        """The profile of the account; None for somebody else's, and for one without a bio page."""
        return await self._connection.scalar(OWN, creator_id=creator_id, user_id=user_id)

    async def hold(self, creator_id: UUID) -> CreatorProfile | None:
        """The profile, which nobody else changes until the transaction ends. It is held before its page."""
        return await self._connection.scalar(HELD, creator_id=creator_id)

    async def change(self, creator_id: UUID, columns: Mapping[str, Any]) -> CreatorProfile:
        """The profile as it is then; it must be held."""
        row = update(Row).where(Row.id == creator_id).values(**columns, updated_at=func.now())
        return await self._connection.scalar_one(row.returning(Row))

    async def overdue(self, now: datetime, limit: int) -> Sequence[UUID]:
        """Creators whose vacation began or ended since their status was stored."""
        return await self._connection.scalars(OVERDUE, now=now, limit=limit)
