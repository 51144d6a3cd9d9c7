"""Bio pages. Whoever changes what one shows holds its row first, and says ``changed`` in the same transaction."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, Text, any_, bindparam, case, func, insert, select, update

from domain.discover.entries import MOST_CATEGORIES
from persistence.discover.entries import SearchEntries
from persistence.engine.connection import Connection
from persistence.models import BankDetail, BioLink, BioPage, BioTemplate, CreatorCategory, CreatorProfile, User

BY_CREATOR = select(BioPage).where(BioPage.creator_id == bindparam("creator_id"))
BY_CREATOR_HELD = BY_CREATOR.with_for_update(key_share=True)  # what hangs on the page may come meanwhile
MOVED = {
    "version": BioPage.version + 1,
    # What lists of the recent go by: only owners put themselves first there.
    "updated_at": case((bindparam("by_owner", type_=Boolean), func.now()), else_=BioPage.updated_at),
}
CHANGED = update(BioPage).where(BioPage.creator_id == bindparam("changed_creator")).values(MOVED)
CHANGED_OF = (
    update(BioPage)
    .where(BioPage.creator_id == CreatorProfile.id, CreatorProfile.user_id == bindparam("changed_account"))
    .values(MOVED)
    .returning(BioPage.creator_id)
)
SHOWN = frozenset({"avatar_url", "bio", "display_name", "status", "username"})
"""Columns of accounts that pages and cards show. ``Users`` says ``changed_of`` with each of them."""
CATEGORIES = (
    select(CreatorCategory.category)
    .where(CreatorCategory.creator_id == CreatorProfile.id)
    .order_by(CreatorCategory.category)
    .limit(MOST_CATEGORIES)
)
HAS = func.array(CATEGORIES.scalar_subquery(), type_=ARRAY(Text)).label("categories")
WHOLE = (
    select(CreatorProfile, BioPage, BioTemplate, HAS, BankDetail)
    .join(BioPage, BioPage.creator_id == CreatorProfile.id)
    .outerjoin(BioTemplate, BioTemplate.id == BioPage.template_id)
    .outerjoin(BankDetail, BankDetail.user_id == CreatorProfile.user_id)
    .where(CreatorProfile.id == bindparam("creator_id"))
)
LINKS = (
    select(BioLink)
    .where(BioLink.page_id == bindparam("page_id"))
    .order_by(BioLink.sort_order, BioLink.created_at, BioLink.id)
)

PUBLIC_PAGE = (
    User.status == "ACTIVE",
    CreatorProfile.creator_status.in_(("ACTIVE", "VACATION")),
    BioPage.published,
)
HEADS = (
    select(
        User.username,
        BioPage.creator_id,
        BioPage.version,
        BioPage.embed_enabled,
        func.coalesce(BioTemplate.version, 0).label("template_version"),
    )
    .join(CreatorProfile, CreatorProfile.user_id == User.id)
    .join(BioPage, BioPage.creator_id == CreatorProfile.id)
    .outerjoin(BioTemplate, BioTemplate.id == BioPage.template_id)
    .where(User.username == any_(bindparam("usernames", type_=ARRAY(Text))), *PUBLIC_PAGE)
)
PUBLIC = (
    select(
        CreatorProfile.id.label("creator_id"),
        CreatorProfile.user_id,
        User.username,
        User.display_name,
        User.avatar_url,
        User.bio.label("user_bio"),
        User.status.label("user_status"),
        CreatorProfile.level,
        CreatorProfile.dm_type,
        CreatorProfile.dm_price,
        CreatorProfile.dm_active,
        CreatorProfile.vacation_mode,
        CreatorProfile.vacation_start,
        CreatorProfile.vacation_end,
        CreatorProfile.avg_rating,
        CreatorProfile.rating_count,
        CreatorProfile.total_followers,
        BioPage.id.label("page_id"),
        BioPage.bio.label("page_bio"),
        BioPage.theme_override,
        BioPage.custom_css,
        BioPage.email_collection_enabled,
        BioPage.embed_enabled,
        BioTemplate.id.label("template_id"),
        BioTemplate.name.label("template_name"),
        BioTemplate.tokens.label("template_tokens"),
        HAS,
    )
    .join(User, User.id == CreatorProfile.user_id)
    .join(BioPage, BioPage.creator_id == CreatorProfile.id)
    .outerjoin(BioTemplate, BioTemplate.id == BioPage.template_id)
    .where(CreatorProfile.id == bindparam("creator_id"), *PUBLIC_PAGE)
)


class BioPages:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._search = SearchEntries(connection)

    async def find(self, creator_id: UUID) -> BioPage | None:
        return await self._connection.scalar(BY_CREATOR, creator_id=creator_id)

    async def whole(self, creator_id: UUID) -> Any:
        """A row of the profile, the page, its template, the categories and the bank details. None without a page.

        Template and bank details may be None.
        """
        return await self._connection.row(WHOLE, creator_id=creator_id)

    async def heads(self, usernames: Sequence[str]) -> Mapping[str, Any]:
        """By username, of the pages that are public: creator_id, version, embed_enabled, template_version."""
        rows = await self._connection.rows(HEADS, usernames=list(usernames))
        return {row.username: row for row in rows}

    async def public(self, creator_id: UUID) -> Any:
        """All that a public page says beside its links, in one row. None where it is not public."""
        return await self._connection.row(PUBLIC, creator_id=creator_id)

    async def links(self, page_id: UUID) -> Sequence[BioLink]:
        """All of them, in their order."""
        return await self._connection.scalars(LINKS, page_id=page_id)

    async def add(self, creator_id: UUID, columns: Mapping[str, Any]) -> None:
        """The page of a new creator, whom the search finds from now on."""
        await self._connection.execute(insert(BioPage).values(creator_id=creator_id, **columns))
        await self._search.write(creator_id)

    async def hold(self, creator_id: UUID) -> BioPage | None:
        """The page, which nobody else changes until the transaction ends: links, order and messages wait for it."""
        return await self._connection.scalar(BY_CREATOR_HELD, creator_id=creator_id)

    async def write(self, creator_id: UUID, columns: Mapping[str, Any]) -> None:
        """Change columns of the page itself, which is ``changed`` by that."""
        row = update(BioPage).where(BioPage.creator_id == creator_id)
        await self._connection.execute(row.values(columns))
        await self.changed(creator_id)

    async def changed(self, creator_id: UUID, *, by_owner: bool = True) -> None:
        """Something that the page or a card of the creator shows is another, or whether the creator may be found.

        ``by_owner``: not by staff, nor by the clock or a platform. It puts the creator first among the recent.

        Every node builds the page's payload anew at the next read, and the search is written. Who changes the same
        creator meanwhile waits here, so that what is read for the search is what both have made of it.
        """
        await self._connection.execute(CHANGED, changed_creator=creator_id, by_owner=by_owner)
        await self._search.write(creator_id)

    async def changed_of(self, user_id: UUID, *, by_owner: bool) -> None:
        """As ``changed``, where the account has a page. Whoever says so holds the account already."""
        creator_id = await self._connection.scalar(CHANGED_OF, changed_account=user_id, by_owner=by_owner)
        if creator_id is not None:
            await self._search.write(creator_id)
