"""Accounts at other platforms that creators connected, and how many follow them.

Whoever changes one holds the creator's profile, whose number of followers is made of all of them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import DateTime, Integer, Update, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from domain.creators.social_accounts import Sealed, SocialConnection, SocialProfile
from domain.errors import ApiError
from persistence.engine.connection import Connection
from persistence.engine.due import once
from persistence.engine.statements import insertion
from persistence.models import CreatorProfile, SocialAccount, SocialMetrics, User

# A row of theirs is made or changed below the account: it is held first, as everywhere.
OWNER_HELD = select(User.id).where(User.id == bindparam("user_id")).with_for_update(read=True, key_share=True)
PROFILE_HELD = (
    select(CreatorProfile.id).where(CreatorProfile.user_id == bindparam("user_id")).with_for_update(key_share=True)
)
CONNECTED = SocialAccount.signs_in.is_(False)
REMOVED = (
    delete(SocialAccount)
    .where(SocialAccount.user_id == bindparam("user_id"), SocialAccount.platform == bindparam("platform"), CONNECTED)
    .returning(SocialAccount.id)
)
FOLLOWERS = (
    select(func.coalesce(func.sum(SocialMetrics.follower_count), 0))
    .where(SocialMetrics.user_id == CreatorProfile.user_id)
    .correlate(CreatorProfile)
    .scalar_subquery()
)
RECOUNTED = (
    update(CreatorProfile)
    .where(CreatorProfile.id == bindparam("creator_id"), CreatorProfile.total_followers != FOLLOWERS)
    .values(total_followers=FOLLOWERS, updated_at=func.now())
    .returning(CreatorProfile.id)
)
FORGOTTEN: dict[str, Any] = {
    "platform_user_id": None,
    "platform_username": None,
    "verified": False,
    "access_token": None,
    "refresh_token": None,
    "token_expires_at": None,
    "refresh_at": None,
}
DUE = (
    select(SocialAccount.id)
    .where(SocialAccount.refresh_at <= bindparam("now", type_=DateTime(timezone=True)))
    .order_by(SocialAccount.refresh_at, SocialAccount.id)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
CLAIMED = (
    update(SocialAccount)
    .where(SocialAccount.id.in_(once(DUE)))
    .values(refresh_at=bindparam("until", type_=DateTime(timezone=True)))
    .returning(SocialAccount)
)


class SocialAccounts:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def hold(self, user_id: UUID) -> UUID | None:
        """The creator's profile, whose accounts nobody else changes until the transaction ends."""
        await self._connection.scalar(OWNER_HELD, user_id=user_id)
        return await self._connection.scalar(PROFILE_HELD, user_id=user_id)

    async def replace(self, user_id: UUID, connection: SocialConnection, refresh_at: datetime) -> None:
        """The account of this platform, in place of the one that was connected before.

        Raises ApiError creator.social.account_linked_elsewhere.
        """
        await self.remove(user_id, connection.platform)
        row = {
            "user_id": user_id,
            "platform": connection.platform,
            "platform_user_id": connection.profile.subject,
            "platform_username": connection.profile.username,
            "verified": True,
            "signs_in": False,
            "refresh_at": refresh_at,
            **connection.tokens.columns,
        }
        added = insertion(SocialAccount, *row).returning(SocialAccount.id)
        try:
            account_id = await self._connection.scalar_one(added, **row)
        except UniqueViolation as error:
            raise ApiError("creator.social.account_linked_elsewhere") from error
        metrics = {"account_id": account_id, "user_id": user_id, "follower_count": connection.profile.followers}
        await self._connection.execute(insertion(SocialMetrics, *metrics), **metrics)

    async def remove(self, user_id: UUID, platform: str) -> bool:
        """False when no account of the platform is connected."""
        return await self._connection.scalar(REMOVED, user_id=user_id, platform=platform) is not None

    async def recount(self, creator_id: UUID) -> bool:
        """Whether the creator has another number of followers than before. The profile is held by then."""
        return await self._connection.scalar(RECOUNTED, creator_id=creator_id) is not None

    async def claim(self, now: datetime, lease: timedelta, most: int) -> Sequence[SocialAccount]:
        """Accounts that are due, which nobody else gets while the lease lasts."""
        return await self._connection.scalars(CLAIMED, now=now, until=now + lease, most=most)

    async def keep_tokens(self, account_id: UUID, former: bytes | None, tokens: Sealed) -> None:
        """Unless the account has other tokens than the ``former`` ones by now."""
        same = self._with(account_id, former)
        await self._connection.execute(same.values(tokens.columns))

    async def measure(self, account: SocialAccount, profile: SocialProfile, refresh_at: datetime) -> bool:
        """False for an account that is gone. The profile is held by then."""
        told = {"platform_username": profile.username, "refresh_at": refresh_at}
        there = update(SocialAccount).where(SocialAccount.id == account.id).values(told).returning(SocialAccount.id)
        if await self._connection.scalar(there) is None:
            return False
        figures = {"follower_count": profile.followers, "measured_at": func.now()}
        row = pg_insert(SocialMetrics).values(account_id=account.id, user_id=account.user_id, **figures)
        await self._connection.execute(row.on_conflict_do_update(index_elements=["account_id"], set_=figures))
        return True

    async def put_off(self, account_id: UUID, refresh_at: datetime) -> None:
        row = update(SocialAccount).where(SocialAccount.id == account_id)
        await self._connection.execute(row.values(refresh_at=refresh_at))

    async def refuse(self, account_id: UUID, tried: bytes | None, now: datetime) -> bool:
        """The platform takes the tokens no more: they are forgotten with who the owner is there and how many follow.

        What is left asks the owner to connect the account again. False where the account has others than those that
        were ``tried`` by now, or is gone. The profile is held by then.
        """
        marked = self._with(account_id, tried).values(refused_at=now, **FORGOTTEN).returning(SocialAccount.id)
        if await self._connection.scalar(marked) is None:
            return False
        await self._connection.execute(delete(SocialMetrics).where(SocialMetrics.account_id == account_id))
        return True

    @staticmethod
    def _with(account_id: UUID, access_token: bytes | None) -> Update:
        row = SocialAccount
        same = row.access_token.is_not_distinct_from(access_token)
        return update(row).where(row.id == account_id, same)
