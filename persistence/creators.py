"""The creator side of accounts."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from persistence.models import CreatorProfile, SocialAccount


class Creators:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def exists_for(self, user_id: UUID) -> bool:
        """Whether the account has a creator profile."""
        return bool(await self._session.scalar(select(exists().where(CreatorProfile.user_id == user_id))))

    async def social_accounts(self, user_id: UUID, limit: int) -> Sequence[Any]:
        """Rows of platform, platform_username, verified, created_at, the oldest first. Tokens are not even selected."""
        account = SocialAccount
        columns = select(account.platform, account.platform_username, account.verified, account.created_at)
        rows = columns.where(account.user_id == user_id).order_by(account.created_at, account.id).limit(limit)
        return (await self._session.execute(rows)).all()
