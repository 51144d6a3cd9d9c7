"""The search's own rows, made of what the account, the profile and the page say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    SmallInteger,
    Text,
    Update,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import TSVECTOR, insert

from domain.discover.entries import MOST_CATEGORIES, MOST_PLATFORMS, REST, TIER_SIZES, entry
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
    .where(SocialAccount.user_id == Profile.user_id, SocialAccount.signs_in.is_(False), SocialAccount.verified)
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


Bounds = Sequence[tuple[int, int, UUID] | None]
"""Of each tier but the last whoever is the least popular in it; None where fewer creators are left than it takes."""

POPULAR = (Row.total_messages, Row.total_followers, Row.creator_id)
NTH = (
    select(*POPULAR)
    .order_by(*(column.desc() for column in POPULAR))
    .offset(bindparam("before", type_=Integer))
    .limit(1)
)
_next = (
    select(Row.creator_id)
    .where(Row.creator_id > bindparam("after", type_=Uuid))
    .order_by(Row.creator_id)
    .limit(bindparam("rows", type_=Integer))
    .subquery()
)
LAST_OF_NEXT = select(_next.c.creator_id).order_by(_next.c.creator_id.desc()).limit(1)
_range = (Row.creator_id > bindparam("after", type_=Uuid), Row.creator_id <= bindparam("until", type_=Uuid))
COUNT = (
    update(Row)
    .where(*_range, Row.creator_id == Profile.id)
    .where(tuple_(*(getattr(Row, name) for name in COUNTED)).is_distinct_from(tuple_(*COUNTED.values())))
    .values(COUNTED)
)
COMPARED = (
    OF_PROFILES.add_columns(FINDABLE.label("findable"), Row)
    .where(Profile.id > bindparam("after", type_=Uuid))
    .order_by(Profile.id)
    .limit(bindparam("rows", type_=Integer))
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """``faults``: who is ``missing`` in the search, ``wrong`` there, or ``left`` there. ``last``: None at the end."""

    count: int
    faults: Mapping[UUID, str]
    last: UUID | None


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

    async def count(self, after: UUID, rows: int) -> UUID | None:
        """Bring what is counted of the next creators up to date; the last of them, None where there are none."""
        until = await self._connection.scalar(LAST_OF_NEXT, after=after, rows=rows)
        if until is not None:
            await self._connection.execute(COUNT, after=after, until=until)
        return until

    async def bounds(self) -> Bounds:
        rows = [await self._connection.row(NTH, before=size - 1) for size in accumulate(TIER_SIZES)]
        return [None if row is None else (row.total_messages, row.total_followers, row.creator_id) for row in rows]

    async def sort(self, after: UUID, rows: int, bounds: Bounds) -> UUID | None:
        """Put the next creators into their tiers, with all words by which they are found; the last of them."""
        until = await self._connection.scalar(LAST_OF_NEXT, after=after, rows=rows)
        if until is not None:
            moved = _sorted(bounds).where(Row.creator_id > after, Row.creator_id <= until)
            await self._connection.execute(moved)
        return until

    async def compare(self, after: UUID, rows: int) -> Comparison:
        """The next profiles with what the search says of them."""
        found = await self._connection.rows(COMPARED, after=after, rows=rows)
        judged = ((row.creator_id, _fault(row, row.CreatorSearch)) for row in found)
        faults = {creator_id: fault for creator_id, fault in judged if fault}
        return Comparison(len(found), faults, found[-1].creator_id if len(found) == rows else None)


def _sorted(bounds: Bounds) -> Update:
    tier = _tier(bounds)
    digit = cast(tier, Text)
    grams = func.unnest(Row.grams).column_valued("gram")
    return (
        update(Row)
        .where(Row.tier != tier)
        .values(
            tier=tier,
            document=cast(
                func.regexp_replace(cast(Row.document, Text), "(^| )'[0-3]", func.concat("\\1'", digit), "g"), TSVECTOR
            ),
            grams=func.array(select(func.concat(digit, func.substr(grams, 2))).scalar_subquery(), type_=ARRAY(Text)),
        )
    )


def _tier(bounds: Bounds) -> ColumnElement[int]:
    kinds = [column.type for column in POPULAR]
    reached: list[Any] = []
    for tier, bound in enumerate(bounds):
        if bound is None:
            return case(*reached, else_=tier) if reached else literal(tier, SmallInteger)
        keys = (literal(key, kind) for key, kind in zip(bound, kinds, strict=True))
        reached.append((tuple_(*POPULAR) >= tuple_(*keys), tier))
    return case(*reached, else_=REST)


def written(found: Any) -> dict[str, Any]:
    counted = {name: getattr(found, name) for name in ("creator_id", "updated_at", *COUNTED)}
    return entry(found) | counted


def _fault(found: Any, present: Any) -> str | None:
    """What is counted may be as old as the job that counts it."""
    if not found.findable:
        return None if present is None else "left"
    if present is None:
        return "missing"
    right = all(_comparable(name, value) == _comparable(name, getattr(present, name)) for name, value in _made(found))
    return None if right else "wrong"


def _made(found: Any) -> Iterator[tuple[str, Any]]:
    yield from entry(found).items()
    yield "updated_at", found.updated_at


def _comparable(name: str, value: Any) -> Any:
    """The database keeps the words of a document in an order of its own."""
    return set(value.split(" ")) if name == "document" else value
