"""Settings of people, made when they are first asked for."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from persistence.models import UserSettings


class Settings:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, user_id: UUID) -> UserSettings | None:
        return await self._session.scalar(select(UserSettings).where(UserSettings.user_id == user_id))

    async def start(self, user_id: UUID, locale: str | None) -> UserSettings:
        """Those of the account, whoever made them first."""
        row = insert(UserSettings).values(user_id=user_id, locale=locale)
        await self._session.execute(row.on_conflict_do_nothing(index_elements=[UserSettings.user_id]))
        return (await self._session.scalars(select(UserSettings).where(UserSettings.user_id == user_id))).one()

    async def change(self, user_id: UUID, columns: dict[str, Any], now: datetime) -> UserSettings:
        """As they are then."""
        changed = update(UserSettings).where(UserSettings.user_id == user_id).values(**columns, updated_at=now)
        fresh = {"populate_existing": True}
        return (await self._session.scalars(changed.returning(UserSettings), execution_options=fresh)).one()
