"""Creators and featured entries, as the staff arranges them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import ARRAY, ColumnElement, Text, and_, delete, exists, func, insert, not_, or_, select, update

from domain.admin.creators import Filters
from domain.admin.users import Search
from persistence.admin.users import matches
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import BioPage, CreatorCategory, CreatorProfile, CreatorSearch, FeaturedCreator, User

Profile = CreatorProfile
Row = FeaturedCreator
RESTRICTED = ("SUSPENDED", "BANNED", "DEACTIVATED")
NEWEST = Keyset(Profile.created_at.desc(), Profile.id.desc())
BY_POSITION = Keyset(Row.position, Row.id)
# An EXISTS might be answered by reading the whole table once, for a list of a few.
_found_as = select(CreatorSearch.creator_id).where(CreatorSearch.creator_id == Profile.id)
_categories = (
    select(CreatorCategory.category).where(CreatorCategory.creator_id == Profile.id).order_by(CreatorCategory.category)
)
FOUND = (
    select(
        Profile.id, Profile.user_id, User.username, User.display_name, User.status.label("user_status"),
        Profile.creator_status, Profile.level, Profile.kyc_status, Profile.discover_excluded,
        func.array(_categories.scalar_subquery(), type_=ARRAY(Text)).label("categories"),
        _found_as.scalar_subquery().is_not(None).label("findable"),
        func.coalesce(BioPage.published, False).label("published"),
        Profile.total_messages, Profile.total_followers, Profile.avg_rating, Profile.rating_count,
        Profile.admin_version, Profile.created_at,
    )
    .join(User, User.id == Profile.user_id)
    .outerjoin(BioPage, BioPage.creator_id == Profile.id)
)  # fmt: skip
ENTRIES = (
    select(Row.id, Row.creator_id, User.username, Row.position, Row.starts_at, Row.ends_at, Row.version, Row.created_at)
    .join(Profile, Profile.id == Row.creator_id)
    .join(User, User.id == Profile.user_id)
)


class AdminCreators:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(self, filters: Filters, keys: Sequence[Any] | None, rows: int) -> Sequence[Any]:
        """The newest first."""
        return await self._connection.rows(NEWEST.page(FOUND.where(*_narrowed(filters)), keys, rows))

    async def find(self, creator_id: UUID) -> Any:
        return await self._connection.row(FOUND.where(Profile.id == creator_id))

    async def hold(self, creator_id: UUID) -> CreatorProfile | None:
        """The profile, which nobody else changes until the transaction ends."""
        held = select(Profile).where(Profile.id == creator_id).with_for_update(key_share=True)
        return await self._connection.scalar(held)

    async def is_unrestricted(self, creator_id: UUID) -> bool | None:
        """Whether account and profile may act; None where there is no such profile."""
        standing = and_(User.status == "ACTIVE", Profile.creator_status.not_in(RESTRICTED))
        query = select(standing).select_from(Profile).join(User, User.id == Profile.user_id)
        return await self._connection.scalar(query.where(Profile.id == creator_id))

    async def categories(self, creator_id: UUID) -> Sequence[str]:
        of_it = select(CreatorCategory.category).where(CreatorCategory.creator_id == creator_id)
        return await self._connection.scalars(of_it.order_by(CreatorCategory.category))

    async def change(self, creator_id: UUID, columns: Mapping[str, Any]) -> None:
        row = update(Profile).where(Profile.id == creator_id)
        moved = {"admin_version": Profile.admin_version + 1, "updated_at": func.now()}
        await self._connection.execute(row.values({**columns, **moved}))

    async def set_categories(self, creator_id: UUID, categories: Sequence[str]) -> None:
        await self._connection.execute(delete(CreatorCategory).where(CreatorCategory.creator_id == creator_id))
        for category in categories:
            await self._connection.execute(insert(CreatorCategory).values(creator_id=creator_id, category=category))


class Featured:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(self, keys: Sequence[Any] | None, rows: int) -> Sequence[Any]:
        return await self._connection.rows(BY_POSITION.page(ENTRIES, keys, rows))

    async def find(self, entry_id: UUID) -> Any:
        return await self._connection.row(ENTRIES.where(Row.id == entry_id))

    async def hold(self, entry_id: UUID) -> FeaturedCreator | None:
        return await self._connection.scalar(select(Row).where(Row.id == entry_id).with_for_update())

    async def add(self, creator_id: UUID, columns: Mapping[str, Any]) -> UUID | None:
        """The id of the entry; None where the creator has one."""
        try:
            async with self._connection.savepoint():
                added = insert(Row).values(creator_id=creator_id, **columns).returning(Row.id)
                return await self._connection.scalar_one(added)
        except UniqueViolation:
            return None

    async def change(self, entry_id: UUID, columns: Mapping[str, Any]) -> None:
        row = update(Row).where(Row.id == entry_id)
        await self._connection.execute(row.values(**columns, version=Row.version + 1))

    async def remove(self, entry_id: UUID) -> None:
        await self._connection.execute(delete(Row).where(Row.id == entry_id))


def _narrowed(filters: Filters) -> list[ColumnElement[bool]]:
    conditions = [
        column == wanted
        for column, wanted in (
            (Profile.level, filters.level),
            (Profile.kyc_status, filters.kyc_status),
            (Profile.creator_status, filters.creator_status),
        )
        if wanted is not None
    ]
    if filters.category is not None:
        of_it = CreatorCategory.creator_id == Profile.id
        conditions.append(exists().where(of_it, CreatorCategory.category == filters.category))
    if filters.excluded is not None:
        excluded: ColumnElement[bool] = Profile.discover_excluded.expression
        conditions.append(excluded if filters.excluded else not_(excluded))
    return [*conditions, *([_found(filters.search)] if filters.search else ())]


def _found(search: Search) -> ColumnElement[bool]:
    if search.kind == "id":
        return or_(Profile.id == search.value, Profile.user_id == search.value)
    return matches(search)
