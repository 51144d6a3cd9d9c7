"""Who blocked whom. The unique constraint decides between two at once."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from persistence.engine.connection import Connection
from persistence.models import BlockList, User

_OF_ALL = select(func.count()).select_from(BlockList).where(BlockList.owner_id == bindparam("owner_id"))
NEWEST = (
    select(User.id, User.username, User.display_name, BlockList.created_at, _OF_ALL.scalar_subquery().label("in_all"))
    .join(User, User.id == BlockList.blocked_id)
    .where(BlockList.owner_id == bindparam("owner_id"))
    .order_by(BlockList.created_at.desc(), BlockList.id)
    .limit(bindparam("limit", type_=Integer))
)


class Blocks:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def list_for(self, owner_id: UUID, limit: int) -> tuple[Sequence[Any], int]:
        """Rows of id, username, display_name, created_at, the newest first, and how many there are in all."""
        rows = await self._connection.rows(NEWEST, owner_id=owner_id, limit=limit)
        return rows, rows[0].in_all if rows else 0

    async def add(self, owner_id: UUID, blocked_id: UUID) -> bool:
        """False when there is such a row."""
        row = insert(BlockList).values(owner_id=owner_id, blocked_id=blocked_id)
        added = row.on_conflict_do_nothing(index_elements=[BlockList.owner_id, BlockList.blocked_id])
        return await self._connection.scalar(added.returning(BlockList.id)) is not None

    async def remove(self, owner_id: UUID, blocked_id: UUID) -> bool:
        """False when there was no such row."""
        row = delete(BlockList).where(BlockList.owner_id == owner_id, BlockList.blocked_id == blocked_id)
        return await self._connection.scalar(row.returning(BlockList.id)) is not None
