"""Platforms to sign in through, links of accounts to identities there, and id tokens that were accepted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, any_, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from domain.auth.oauth import PLATFORM_NAMES, OAuthIdentity
from domain.wire.auth import OAuthPlatform
from persistence.engine.connection import Connection
from persistence.engine.statements import kept
from persistence.models import OAuthProvider, OAuthUsedToken, SocialAccount, User
from persistence.users import hold

OPEN = (
    OAuthProvider.enabled,
    OAuthProvider.login_enabled,
    OAuthProvider.platform == any_(literal(list(PLATFORM_NAMES), ARRAY(Text))),
)
FOR_LOGIN = kept(
    select(OAuthProvider.platform, OAuthProvider.client_id, OAuthProvider.redirect_uri)
    .where(*OPEN)
    .order_by(OAuthProvider.platform)
)


class OAuthProviders:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def list_for_login(self) -> Sequence[Any]:
        """Rows of platform, client_id, redirect_uri. Secrets are not even selected."""
        return await self._connection.rows(FOR_LOGIN)

    async def find_for_login(self, platform: str) -> OAuthProvider | None:
        return await self._connection.scalar(select(OAuthProvider).where(OAuthProvider.platform == platform, *OPEN))

    async def all(self) -> Sequence[OAuthProvider]:
        return await self._connection.scalars(select(OAuthProvider).order_by(OAuthProvider.platform))

    async def find(self, platform: str) -> OAuthProvider | None:
        return await self._connection.scalar(select(OAuthProvider).where(OAuthProvider.platform == platform))

    async def put_version(self, platform: str, expected: int, **columns: Any) -> OAuthProvider | None:
        """Make or change the row of a platform, if it has this version; 0 is that of none."""
        if expected == 0:
            row: Any = pg_insert(OAuthProvider).values(platform=platform, **columns).on_conflict_do_nothing()
            return await self._connection.scalar(row.returning(OAuthProvider))
        known = update(OAuthProvider).where(OAuthProvider.platform == platform, OAuthProvider.version == expected)
        moved = known.values(**columns, updated_at=func.now(), version=OAuthProvider.version + 1)
        return await self._connection.scalar(moved.returning(OAuthProvider))

    async def put(self, platform: str, **columns: Any) -> OAuthProvider:
        """Make or change the row of a platform; the row as it is then."""
        row = pg_insert(OAuthProvider).values(platform=platform, **columns)
        changed = row.on_conflict_do_update(
            index_elements=[OAuthProvider.platform],
            set_=columns | {"updated_at": func.now(), "version": OAuthProvider.version + 1},
        )
        return await self._connection.scalar_one(changed.returning(OAuthProvider))


class OAuthLinks:
    """An account and an identity of a platform: one account per identity, one identity of a platform per account.

    They share their table with the accounts that creators connect, which are not among them (``signs_in``). What an
    admin entered by hand is not ``verified``: nobody proved it, so nobody signs in by it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find_user(self, identity: OAuthIdentity) -> User | None:
        """Whose identity it is. Holds the account still until the transaction ends."""
        linked = select(User).join(SocialAccount, SocialAccount.user_id == User.id)
        linked = linked.where(*_is(identity), SocialAccount.verified)
        user = await self._connection.scalar(linked.with_for_update(of=User))
        # While the account was awaited the link may have gone, which only another statement sees.
        return user if user is not None and await self.find_owner(identity) == user.id else None

    async def find_namesake(self, email: str) -> User | None:
        """Who has the address here. Holds the account still until the transaction ends."""
        return await self._connection.scalar(select(User).where(User.email == email).with_for_update())

    async def find_owner(self, identity: OAuthIdentity) -> UUID | None:
        """The account that the identity is recorded for, verified or not."""
        return await self._connection.scalar(select(SocialAccount.user_id).where(*_is(identity)))

    async def add(self, user_id: UUID, identity: OAuthIdentity) -> bool:
        """False when the identity has an account or the account an identity of this platform."""
        row = pg_insert(SocialAccount).values(
            user_id=user_id,
            platform=identity.platform,
            platform_user_id=identity.subject,
            platform_username=identity.username,
            verified=True,
            signs_in=True,
        )
        added = row.on_conflict_do_nothing().returning(SocialAccount.id)
        return await self._connection.scalar(added) is not None

    async def platforms_of(self, user_id: UUID) -> set[OAuthPlatform]:
        """The platforms through which the account can sign in. Holds the account still until the transaction ends."""
        await hold(self._connection, user_id)
        row = SocialAccount
        mine = (row.user_id == user_id, row.signs_in, row.verified)
        linked = select(row.platform).where(*mine, row.platform.in_(PLATFORM_NAMES))
        found: Sequence[Any] = await self._connection.scalars(linked)
        return set(found)

    async def remove(self, user_id: UUID, platform: str) -> None:
        row = SocialAccount
        linked = delete(row).where(row.user_id == user_id, row.platform == platform, row.signs_in)
        await self._connection.execute(linked)

    async def remove_since(self, user_id: UUID, since: datetime) -> None:
        row = SocialAccount
        young = delete(row).where(row.user_id == user_id, row.signs_in, row.created_at >= since)
        await self._connection.execute(young.where(row.platform.in_(PLATFORM_NAMES)))


def _is(identity: OAuthIdentity) -> tuple[ColumnElement[bool], ...]:
    row = SocialAccount
    return row.platform == identity.platform, row.platform_user_id == identity.subject, row.signs_in.is_(True)


class OAuthUsedTokens:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def spend(self, identity: OAuthIdentity) -> bool:
        """False when the id token was accepted before. A code needs no such memory: the platform takes it once."""
        if identity.digest is None:
            return True
        row = pg_insert(OAuthUsedToken).values(digest=identity.digest, expires_at=identity.expires_at)
        spent = row.on_conflict_do_nothing().returning(OAuthUsedToken.digest)
        return await self._connection.scalar(spent) is not None

    async def purge(self) -> None:
        await self._connection.execute(delete(OAuthUsedToken).where(OAuthUsedToken.expires_at < func.now()))
