"""The creator side of accounts."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from persistence.engine.connection import Connection
from persistence.models import CreatorProfile, SocialAccount

CONNECTED = (
    SocialAccount.platform,
    SocialAccount.platform_username,
    SocialAccount.verified,
    SocialAccount.created_at.label("connected_at"),
    SocialAccount.refused_at.is_not(None).label("reconnect"),
)
SOCIAL_ACCOUNTS = (
    select(*CONNECTED)
    .where(SocialAccount.user_id == bindparam("user_id"), SocialAccount.signs_in == bindparam("signs_in"))
    .order_by(SocialAccount.created_at, SocialAccount.id)
    .limit(bindparam("limit", type_=Integer))
)


class Creators:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def social_accounts(self, user_id: UUID, limit: int, *, signs_in: bool = False) -> Sequence[Any]:
        """Rows of platform, platform_username, verified, connected_at, reconnect, the oldest first. No tokens.

        ``signs_in``: the ways to sign in, in place of the accounts that were connected.
        """
        return await self._connection.rows(SOCIAL_ACCOUNTS, user_id=user_id, limit=limit, signs_in=signs_in)

    async def add(self, user_id: UUID) -> UUID | None:
        """The id of the account's new profile. None where it has one."""
        profile = insert(CreatorProfile).values(user_id=user_id).on_conflict_do_nothing(index_elements=["user_id"])
        return await self._connection.scalar(profile.returning(CreatorProfile.id))
