"""Whom an account looked at last."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Integer, Uuid, bindparam, delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert

from domain.discover.lists import MOST_VIEWED
from persistence.discover.search import CARD
from persistence.engine.connection import Connection
from persistence.models import CreatorSearch, RecentlyViewed

Row = RecentlyViewed
_own = Row.user_id == bindparam("user_id", type_=Uuid)
_newest = (Row.viewed_at.desc(), Row.creator_id)
LISTED = (
    select(*CARD)
    .join(Row, Row.creator_id == CreatorSearch.creator_id)
    .where(_own)
    .order_by(*_newest)
    .limit(bindparam("limit", type_=Integer))
)
FINDABLE = select(exists().where(CreatorSearch.creator_id == bindparam("creator_id", type_=Uuid)))
VIEWED = (
    insert(Row)
    .values(
        user_id=bindparam("user_id", type_=Uuid),
        creator_id=bindparam("creator_id", type_=Uuid),
        viewed_at=bindparam("now", type_=DateTime(timezone=True)),
    )
    .on_conflict_do_update(index_elements=[Row.user_id, Row.creator_id], set_={"viewed_at": bindparam("now")})
)
_beyond = select(Row.creator_id).where(_own).order_by(*_newest).offset(MOST_VIEWED)
FORGET_OLDEST = delete(Row).where(_own, Row.creator_id.in_(_beyond))
_gone = delete(Row).where(_own).returning(Row.creator_id).cte("gone")
CLEARED = select(func.count()).select_from(_gone)


class History:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def newest(self, user_id: UUID, limit: int) -> Sequence[Any]:
        """Rows of cards of those who may be found now, the last one first."""
        return await self._connection.rows(LISTED, user_id=user_id, limit=limit)

    async def record(self, user_id: UUID, creator_id: UUID, now: datetime) -> bool:
        """Whether the creator may be found; beyond so many the oldest are forgotten."""
        if not await self._connection.scalar(FINDABLE, creator_id=creator_id):
            return False
        await self._connection.execute(VIEWED, user_id=user_id, creator_id=creator_id, now=now)
        await self._connection.execute(FORGET_OLDEST, user_id=user_id)
        return True

    async def clear(self, user_id: UUID) -> int:
        """How many there were."""
        return await self._connection.scalar(CLEARED, user_id=user_id) or 0
