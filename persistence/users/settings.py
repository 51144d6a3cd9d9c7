"""Settings of people, made when they are first asked for."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from persistence.engine.connection import Connection
from persistence.models import UserSettings

OF_ACCOUNT = select(UserSettings).where(UserSettings.user_id == bindparam("user_id"))


class Settings:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, user_id: UUID) -> UserSettings | None:
        return await self._connection.scalar(OF_ACCOUNT, user_id=user_id)

    async def start(self, user_id: UUID, locale: str | None) -> UserSettings:
        """Those of the account, whoever made them first."""
        row = insert(UserSettings).values(user_id=user_id, locale=locale)
        await self._connection.execute(row.on_conflict_do_nothing(index_elements=[UserSettings.user_id]))
        return await self._connection.scalar_one(OF_ACCOUNT, user_id=user_id)

    async def change(self, user_id: UUID, columns: dict[str, Any], now: datetime) -> UserSettings:
        """As they are then."""
        changed = update(UserSettings).where(UserSettings.user_id == user_id).values(**columns, updated_at=now)
        return await self._connection.scalar_one(changed.returning(UserSettings))
