"""Notes that staff wrote about accounts."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select

from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import UserNote

NEWEST = Keyset(UserNote.created_at.desc(), UserNote.id.desc())


class UserNotes:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def newest(self, user_id: UUID, keys: Sequence[Any] | None, rows: int) -> Sequence[UserNote]:
        about = select(UserNote).where(UserNote.user_id == user_id)
        return await self._connection.scalars(NEWEST.page(about, keys, rows))

    async def add(self, user_id: UUID, author_id: UUID, text: str) -> UserNote:
        row = insert(UserNote).values(user_id=user_id, author_id=author_id, text=text)
        return await self._connection.scalar_one(row.returning(UserNote))

    async def find(self, note_id: UUID, user_id: UUID) -> UserNote | None:
        about = select(UserNote).where(UserNote.id == note_id, UserNote.user_id == user_id)
        return await self._connection.scalar(about)

    async def remove(self, note_id: UUID) -> bool:
        """False when another call was faster."""
        gone = delete(UserNote).where(UserNote.id == note_id).returning(UserNote.id)
        return await self._connection.scalar(gone) is not None
