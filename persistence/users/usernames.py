"""Which names an account had."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select

from persistence.engine.connection import Connection
from persistence.models import UsernameHistory


class Usernames:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def changed_at(self, user_id: UUID) -> datetime | None:
        """When the account last gave up one name for another; its first name counts for nothing."""
        row = UsernameHistory
        changes = select(row.created_at).where(row.user_id == user_id, row.former.is_not(None))
        return await self._connection.scalar(changes.order_by(row.created_at.desc()).limit(1))

    async def remember(
        self, user_id: UUID, former: str | None, username: str, now: datetime, held_until: datetime | None = None
    ) -> None:
        """``held_until``: how long nobody else may take the former one."""
        row = {"user_id": user_id, "former": former, "username": username, "created_at": now, "held_until": held_until}
        await self._connection.execute(insert(UsernameHistory).values(row))
