"""Who wants mails from a creator. The unique constraint makes one row of a page and an address, whoever calls at once;
every change of its state is one guarded statement.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Integer, and_, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.answers.pages import Page
from domain.auth import one_time_hash
from persistence.creators.pages import PUBLIC_PAGE
from persistence.engine.connection import Connection
from persistence.models import BioPage, CreatorProfile, EmailSubscriber, User

Row = EmailSubscriber
SUBSCRIBED = and_(Row.confirmed_at.is_not(None), Row.unsubscribed_at.is_(None))
UNCONFIRMED = and_(Row.confirmed_at.is_(None), Row.unsubscribed_at.is_(None))

SHOWN = and_(*PUBLIC_PAGE)

PAGE = (
    select(BioPage.email_collection_enabled)
    .join(CreatorProfile, CreatorProfile.id == BioPage.creator_id)
    .join(User, User.id == CreatorProfile.user_id)
    .where(BioPage.id == bindparam("page_id"), SHOWN)
)
# What refers to the page can be added until the transaction ends; what the page says may change meanwhile.
PAGE_KEPT = PAGE.with_for_update(read=True, key_share=True, of=BioPage)
_ENTERED = insert(Row).values(
    page_id=bindparam("page_id"),
    email=bindparam("email"),
    locale=bindparam("locale"),
    subscribed_at=bindparam("now"),
    token_expires_at=bindparam("ends"),
)
# An update that changes nothing holds the row that is there, and returns it.
ENTER = _ENTERED.on_conflict_do_update(
    index_elements=[Row.page_id, Row.email], set_={"email": _ENTERED.excluded.email}
).returning(Row)
NOTE_LINK = (
    update(Row)
    .where(Row.id == bindparam("subscriber"))
    .values(
        token_hash=bindparam("hash"),
        token_expires_at=bindparam("ends"),
        mailed_at=bindparam("now"),
        confirmed_at=None,
        unsubscribed_at=None,
    )
)
CONFIRM = (
    update(Row)
    .where(Row.token_hash == bindparam("hash"), Row.token_expires_at > bindparam("now"))
    .values(token_hash=None, confirmed_at=bindparam("now"), subscribed_at=bindparam("now"), was_listed=True)
    .returning(Row.id)
)
_NOW = bindparam("now", type_=DateTime(timezone=True))
_ENDED = func.coalesce(Row.unsubscribed_at, _NOW)
_ENDED_UNCONFIRMED = and_(Row.confirmed_at.is_(None), Row.unsubscribed_at == _NOW)
UNSUBSCRIBE = (
    update(Row)
    .where(Row.id == bindparam("subscriber"))
    .values(unsubscribed_at=_ENDED, token_hash=None)
    .returning(Row.page_id, Row.email, Row.was_listed, _ENDED_UNCONFIRMED.label("declined"))
)
ASKED = (
    select(Row.id, Row.email, Row.locale, Row.mailed_at, User.username)
    .join(BioPage, BioPage.id == Row.page_id)
    .join(CreatorProfile, CreatorProfile.id == BioPage.creator_id)
    .join(User, User.id == CreatorProfile.user_id)
    .where(Row.id == bindparam("subscriber"), Row.token_hash == bindparam("hash"))
)
WAITING = (
    select(Row)
    .join(BioPage, BioPage.id == Row.page_id)
    .join(CreatorProfile, CreatorProfile.id == BioPage.creator_id)
    .join(User, User.id == CreatorProfile.user_id)
    .where(Row.email == bindparam("email"), UNCONFIRMED, SHOWN, BioPage.email_collection_enabled)
    .order_by(Row.created_at.desc(), Row.id)
    .limit(bindparam("limit", type_=Integer))
    .with_for_update(of=Row)
)
_OF_CREATOR = select(BioPage.id).where(BioPage.creator_id == bindparam("creator_id")).scalar_subquery()
COUNT = select(func.count()).select_from(Row).where(Row.page_id == _OF_CREATOR, SUBSCRIBED)
NEWEST = (
    select(Row)
    .where(Row.page_id == _OF_CREATOR, SUBSCRIBED)
    .order_by(Row.subscribed_at.desc(), Row.id)
    .offset(bindparam("offset", type_=Integer))
    .limit(bindparam("limit", type_=Integer))
)


class Subscribers:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def takes(self, page_id: UUID) -> bool | None:
        """Whether a page takes subscriptions; None for one that nobody can open."""
        return await self._connection.scalar(PAGE, page_id=page_id)

    async def still_takes(self, page_id: UUID) -> bool | None:
        """As ``takes``; the page does not go before the transaction ends."""
        return await self._connection.scalar(PAGE_KEPT, page_id=page_id)

    async def enter(self, page_id: UUID, email: str, locale: str, now: datetime, ends: datetime) -> EmailSubscriber:
        """The row of the address, made if there was none, and held until the transaction ends."""
        values = {"page_id": page_id, "email": email, "locale": locale, "now": now, "ends": ends}
        return await self._connection.scalar_one(ENTER, **values)

    async def rename(self, subscriber_id: UUID, name: str | None, locale: str) -> None:
        row = update(Row).where(Row.id == subscriber_id)
        await self._connection.execute(row.values(name=name, locale=locale))

    async def note_link(self, subscriber_id: UUID, token: UUID, now: datetime, ends: datetime) -> None:
        """The link that the address is mailed now; former ones end, and so does an earlier wish to be left alone."""
        await self._connection.execute(
            NOTE_LINK, subscriber=subscriber_id, hash=one_time_hash(token), now=now, ends=ends
        )

    async def asked(self, subscriber_id: UUID, token: UUID) -> Any:
        """Whom to mail the link; None when it was used or replaced meanwhile."""
        return await self._connection.row(ASKED, subscriber=subscriber_id, hash=one_time_hash(token))

    async def waiting(self, email: str, most: int) -> Sequence[EmailSubscriber]:
        """Unconfirmed subscriptions of the address to pages that take some, the newest first; they are held."""
        return await self._connection.scalars(WAITING, email=email, limit=most)

    async def confirm(self, token: UUID, now: datetime) -> bool:
        """Use the token up; False for one that is unknown, used or expired."""
        return await self._connection.scalar(CONFIRM, hash=one_time_hash(token), now=now) is not None

    async def unsubscribe(self, subscriber_id: UUID, now: datetime) -> Any:
        """What has ended, ``declined`` where it ends now and was not confirmed; None when there is no such one.

        One that has ended before stays as it is.
        """
        return await self._connection.row(UNSUBSCRIBE, subscriber=subscriber_id, now=now)

    async def list_for(self, creator_id: UUID | None, page: Page) -> tuple[Sequence[EmailSubscriber], int]:
        """The newest first, and how many there are in all."""
        total = await self._connection.scalar_one(COUNT, creator_id=creator_id)
        if total <= page.offset:
            return [], total
        newest = {"creator_id": creator_id, "offset": page.offset, "limit": page.limit}
        return await self._connection.scalars(NEWEST, **newest), total

    async def purge(self, expired_before: datetime, unsubscribed_before: datetime) -> None:
        """Forget who never confirmed, and who left long ago."""
        await self._connection.execute(delete(Row).where(UNCONFIRMED, Row.token_expires_at < expired_before))
        await self._connection.execute(delete(Row).where(Row.unsubscribed_at < unsubscribed_before))
