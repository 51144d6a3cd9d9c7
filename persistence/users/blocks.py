"""Who blocked whom. The unique constraint decides between two at once."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from persistence.models import BlockList, User


class Blocks:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def list_for(self, owner_id: UUID, limit: int) -> tuple[Sequence[Any], int]:
        """Rows of id, username, display_name, created_at, the newest first, and how many there are in all."""
        row = BlockList
        columns = select(User.id, User.username, User.display_name, row.created_at)
        newest = columns.join(User, User.id == row.blocked_id).where(row.owner_id == owner_id)
        rows = await self._session.execute(newest.order_by(row.created_at.desc(), row.id).limit(limit))
        total = await self._session.scalar(select(func.count()).select_from(row).where(row.owner_id == owner_id))
        return rows.all(), total or 0

    async def add(self, owner_id: UUID, blocked_id: UUID) -> bool:
        """False when there is such a row."""
        row = insert(BlockList).values(owner_id=owner_id, blocked_id=blocked_id)
        added = row.on_conflict_do_nothing(index_elements=[BlockList.owner_id, BlockList.blocked_id])
        return await self._session.scalar(added.returning(BlockList.id)) is not None

    async def remove(self, owner_id: UUID, blocked_id: UUID) -> bool:
        """False when there was no such row."""
        row = delete(BlockList).where(BlockList.owner_id == owner_id, BlockList.blocked_id == blocked_id)
        return await self._session.scalar(row.returning(BlockList.id)) is not None
