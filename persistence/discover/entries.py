"""The search's own rows, made of what the account, the profile and the page say."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Text,
    and_,
    bindparam,
    delete,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert

from domain.discover.entries import MOST_CATEGORIES, MOST_PLATFORMS, REST, entry
from persistence.engine.connection import Connection
from persistence.models import BioPage, CreatorCategory, CreatorProfile, CreatorSearch, SocialAccount, User

Row = CreatorSearch
Profile = CreatorProfile

COUNTED = {
    "total_messages": Profile.total_messages,
    "total_followers": Profile.total_followers,
    "avg_rating": func.coalesce(Profile.avg_rating, 0),
    "rating_count": Profile.rating_count,
    "level": Profile.level,
}
ON_VACATION = and_(
    Profile.vacation_mode,
    func.coalesce(Profile.vacation_start <= func.now(), true()),
    func.coalesce(Profile.vacation_end > func.now(), true()),
)
# The stored status may still say that a vacation lasts which has ended.
FINDABLE = and_(
    User.status == "ACTIVE",
    User.username.is_not(None),
    Profile.creator_status.in_(("ACTIVE", "VACATION")),
    ~ON_VACATION,
    BioPage.published,
)
PLATFORMS = (
    select(SocialAccount.platform)
    .where(SocialAccount.user_id == Profile.user_id, SocialAccount.verified)
    .order_by(SocialAccount.platform)
    .limit(MOST_PLATFORMS)
)
CATEGORIES = (
    select(CreatorCategory.category)
    .where(CreatorCategory.creator_id == Profile.id)
    .order_by(CreatorCategory.category)
    .limit(MOST_CATEGORIES)
)
KNOWN = (
    Profile.id.label("creator_id"),
    Profile.user_id,
    Profile.dm_type,
    Profile.dm_price,
    Profile.dm_active,
    User.username,
    User.display_name,
    User.avatar_url,
    func.coalesce(func.nullif(BioPage.bio, ""), User.bio, "").label("bio"),
    BioPage.updated_at,
    func.array(PLATFORMS.scalar_subquery(), type_=ARRAY(Text)).label("platforms"),
    func.array(CATEGORIES.scalar_subquery(), type_=ARRAY(Text)).label("categories"),
    func.coalesce(Row.tier, REST).label("tier"),
    *(column.label(name) for name, column in COUNTED.items()),
)
OF_PROFILES = (
    select(*KNOWN)
    .join(User, User.id == Profile.user_id)
    .outerjoin(BioPage, BioPage.creator_id == Profile.id)
    .outerjoin(Row, Row.creator_id == Profile.id)
)
FOUND = OF_PROFILES.where(Profile.id == bindparam("creator_id"), FINDABLE)
MADE = (
    "user_id", "username", "document", "folded", "grams", "facets", "tier", "card", "updated_at", *COUNTED,
)  # fmt: skip
_columns = Row.__table__.c
PUT = insert(Row).values({name: bindparam(name, type_=_columns[name].type) for name in ("creator_id", *MADE)})
PUT = PUT.on_conflict_do_update(index_elements=["creator_id"], set_={name: PUT.excluded[name] for name in MADE})
GONE = delete(Row).where(Row.creator_id == bindparam("creator_id"))


class SearchEntries:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def write(self, creator_id: UUID) -> None:
        """Let the creator be found by what is true now, or not at all. The page is held by then, or there is none."""
        found = await self._connection.row(FOUND, creator_id=creator_id)
        if found is None:
            await self._connection.execute(GONE, creator_id=creator_id)
        else:
            await self._connection.execute(PUT, **written(found))


def written(found: Any) -> dict[str, Any]:
    counted = {name: getattr(found, name) for name in ("creator_id", "updated_at", *COUNTED)}
    return entry(found) | counted
