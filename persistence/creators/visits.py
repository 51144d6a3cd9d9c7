"""Visits of bio pages, written by the batch: rows, sums of the day and counters of links in one transaction."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    String,
    Uuid,
    and_,
    any_,
    bindparam,
    column,
    delete,
    distinct,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from domain.creators.visits import DIMENSIONS, OTHERS, VALUES_PER_DAY, Uncounted, Visit, values_of
from persistence.creators.pages import PUBLIC_PAGE
from persistence.engine.connection import Connection
from persistence.engine.statements import insertion
from persistence.models import (
    BioLink,
    BioPage,
    CreatorProfile,
    DailySum,
    DailyValue,
    DailyVisitor,
    PageView,
    User,
    VisitSalt,
)

AT = DateTime(timezone=True)
Day = tuple[UUID, date]
Group = tuple[UUID, date, str]


def given(**kinds: Any) -> Any:
    """Rows that come as one array for each column."""
    arrays = [bindparam(name, type_=ARRAY(kind)) for name, kind in kinds.items()]
    return func.unnest(*arrays).table_valued(*(column(name, kind) for name, kind in kinds.items())).render_derived()


PAGES = (
    select(BioPage.id, BioPage.creator_id)
    .join(CreatorProfile, CreatorProfile.id == BioPage.creator_id)
    .join(User, User.id == CreatorProfile.user_id)
    .where(BioPage.id == any_(bindparam("ids", type_=ARRAY(Uuid))), *PUBLIC_PAGE)
    .order_by(BioPage.id)
    .with_for_update(key_share=True, of=BioPage)
)
_clicked = given(links=Uuid, pages=Uuid, counts=BigInteger)
CLICKED = (
    update(BioLink)
    .where(BioLink.id == _clicked.c.links, BioLink.page_id == _clicked.c.pages)
    .values(click_count=BioLink.click_count + _clicked.c.counts)
    .returning(BioLink.id, BioLink.page_id)
)
_views = given(
    ids=Uuid, pages=Uuid, ats=AT, links=Uuid, visitors=LargeBinary, devices=String, referrers=String, countries=String
)
VIEWS = insert(PageView).from_select(
    ["id", "page_id", "at", "link_id", "visitor", "device", "referrer", "country"], select(*_views.c)
)
_sums = given(pages=Uuid, days=Date, views=BigInteger, clicks=BigInteger)
_added = insert(DailySum).from_select(["page_id", "day", "views", "clicks"], select(*_sums.c))
SUMS = _added.on_conflict_do_update(
    index_elements=[DailySum.page_id, DailySum.day],
    set_={
        "views": DailySum.views + _added.excluded.views,
        "clicks": DailySum.clicks + _added.excluded.clicks,
    },
)
_visitors = given(pages=Uuid, days=Date, visitors=LargeBinary)
_new = (
    insert(DailyVisitor)
    .from_select(["page_id", "day", "visitor"], select(*_visitors.c))
    .on_conflict_do_nothing()
    .returning(DailyVisitor.page_id, DailyVisitor.day)
    .cte("new")
)
_counted = select(_new.c.page_id, _new.c.day, func.count().label("visitors")).group_by(_new.c.page_id, _new.c.day)
_newly = _counted.cte("newly")
VISITORS = (
    update(DailySum)
    .where(DailySum.page_id == _newly.c.page_id, DailySum.day == _newly.c.day)
    .values(visitors=DailySum.visitors + _newly.c.visitors)
)
_asked = given(pages=Uuid, days=Date, dimensions=String)
KNOWN = select(DailyValue.page_id, DailyValue.day, DailyValue.dimension, DailyValue.value).join(
    _asked,
    tuple_(DailyValue.page_id, DailyValue.day, DailyValue.dimension)
    == tuple_(_asked.c.pages, _asked.c.days, _asked.c.dimensions),
)
_values = given(pages=Uuid, days=Date, dimensions=String, values=String, counts=BigInteger)
_more = insert(DailyValue).from_select(["page_id", "day", "dimension", "value", "count"], select(*_values.c))
VALUES = _more.on_conflict_do_update(
    index_elements=[DailyValue.page_id, DailyValue.day, DailyValue.dimension, DailyValue.value],
    set_={"count": DailyValue.count + _more.excluded["count"]},
)
SALT = select(VisitSalt.salt).where(VisitSalt.day == bindparam("day", type_=Date))
NEW_SALT = (
    insert(VisitSalt)
    .values(day=bindparam("day", type_=Date), salt=bindparam("salt", type_=LargeBinary))
    .on_conflict_do_nothing()
)

_DAY = bindparam("day", type_=Date)
_OF_DAY = and_(PageView.at >= bindparam("begins", type_=AT), PageView.at < bindparam("ends", type_=AT))
_VIEWS, _CLICKS = func.count().filter(PageView.link_id.is_(None)), func.count(PageView.link_id)
_PEOPLE = func.count(distinct(PageView.visitor))
_true = (
    select(PageView.page_id, _VIEWS.label("views"), _CLICKS.label("clicks"), _PEOPLE.label("visitors"))
    .where(_OF_DAY)
    .group_by(PageView.page_id)
    .cte("true_sums")
)


def _summed(dimension: str) -> Any:
    return func.sum(DailyValue.count).filter(DailyValue.dimension == dimension).label(dimension)


_told = (
    select(
        DailySum.page_id, DailySum.views, DailySum.clicks, DailySum.visitors,
        *(_summed(dimension) for dimension in DIMENSIONS),
    )
    .outerjoin(DailyValue, and_(DailyValue.page_id == DailySum.page_id, DailyValue.day == DailySum.day))
    .where(DailySum.day == _DAY)
    .group_by(DailySum.page_id, DailySum.views, DailySum.clicks, DailySum.visitors)
    .cte("told_sums")
)  # fmt: skip
_TRUE_OF = {name: name for name in ("views", "clicks", "visitors")}
_TRUE_OF |= {dimension: "clicks" if dimension == "link" else "views" for dimension in DIMENSIONS}
_page = func.coalesce(_true.c.page_id, _told.c.page_id)
MISCOUNTED = (
    select(_page)
    .select_from(_true.join(_told, _true.c.page_id == _told.c.page_id, full=True))
    .where(
        _page > bindparam("after", type_=Uuid),
        or_(*(func.coalesce(_told.c[told], 0) != func.coalesce(_true.c[true], 0) for told, true in _TRUE_OF.items())),
    )
    .order_by(_page)
    .limit(bindparam("limit", type_=Integer))
)
HOLD = select(BioPage.id).where(BioPage.id == bindparam("page_id")).with_for_update(key_share=True)
_OF_PAGE = and_(PageView.page_id == bindparam("page_id"), _OF_DAY)
PEOPLE = select(_PEOPLE).where(_OF_PAGE)
_KINDS = (PageView.link_id, PageView.device, PageView.referrer, PageView.country)
TALLY = select(*_KINDS, func.count().label("number")).where(_OF_PAGE).group_by(*_KINDS)
_sum = insertion(DailySum, "page_id", "day", "views", "clicks", "visitors")
SET_SUM = _sum.on_conflict_do_update(
    index_elements=[DailySum.page_id, DailySum.day],
    set_={name: _sum.excluded[name] for name in ("views", "clicks", "visitors")},
)
DROP_VALUES = delete(DailyValue).where(DailyValue.page_id == bindparam("page_id"), DailyValue.day == _DAY)


class Visits:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def salt(self, day: date, fresh: bytes) -> bytes:
        """That of the day: ``fresh`` where nobody has given it another one before."""
        await self._connection.execute(NEW_SALT, day=day, salt=fresh)
        return await self._connection.scalar_one(SALT, day=day)

    async def record(self, visits: Sequence[Visit]) -> list[Uncounted | None]:
        """Count them all, and say of each why it was not counted.

        Pages are held in the order of their ids, so that batches of several nodes and edits of links wait for each
        other, and never in a ring.
        """
        pages = await self._pages({visit.page_id for visit in visits})
        why = [_refused(visit, pages) for visit in visits]
        links = await self._click([visit for visit, reason in zip(visits, why, strict=True) if reason is None])
        why = [
            Uncounted.UNKNOWN if reason is None and visit.link_id and (visit.link_id, visit.page_id) not in links
            else reason
            for visit, reason in zip(visits, why, strict=True)
        ]  # fmt: skip
        counted = [visit for visit, reason in zip(visits, why, strict=True) if reason is None]
        if counted:
            await self._write(counted)
        return why

    async def miscounted(self, day: date, after: UUID, most: int) -> Sequence[UUID]:
        """Pages whose sums of a day are not what its visits come to, in the order of their ids."""
        return await self._connection.scalars(MISCOUNTED, day=day, after=after, limit=most, **_bounds(day))

    async def recount(self, page_id: UUID, day: date) -> None:
        """Make the sums of a day anew from its visits. The page is held, so that nobody counts meanwhile."""
        if await self._connection.scalar(HOLD, page_id=page_id) is None:
            return
        of_day = {"page_id": page_id, **_bounds(day)}
        views = clicks = 0
        true: dict[Group, Counter[str]] = {(page_id, day, dimension): Counter() for dimension in DIMENSIONS}
        for link_id, device, referrer, country, number in await self._connection.rows(TALLY, **of_day):
            if link_id is None:
                views += number
            else:
                clicks += number
            for dimension, value in values_of(link_id, device, referrer, country):
                true[page_id, day, dimension][value] += number
        visitors = await self._connection.scalar_one(PEOPLE, **of_day)
        sums = {"views": views, "clicks": clicks, "visitors": visitors}
        await self._connection.execute(SET_SUM, page_id=page_id, day=day, **sums)
        known = await self._known(true)
        await self._connection.execute(DROP_VALUES, page_id=page_id, day=day)
        # What is kept apart stays so; beside it what was seen most.
        seen = {group: dict(counts.most_common()) for group, counts in true.items() if counts}
        await self._store({group: bounded(counts, known[group] & counts.keys()) for group, counts in seen.items()})

    async def purge(self, before: datetime, sums_before: date, today: date) -> None:
        """Single visits and sums of long ago, and what told visitors of former days apart."""
        await self._connection.execute(delete(PageView).where(PageView.at < before))
        await self._connection.execute(delete(DailySum).where(DailySum.day < sums_before))
        await self._connection.execute(delete(VisitSalt).where(VisitSalt.day < today))
        await self._connection.execute(delete(DailyVisitor).where(DailyVisitor.day < today))

    async def _pages(self, ids: Iterable[UUID]) -> Mapping[UUID, UUID]:
        """Those that are public, each with its creator."""
        return dict(await self._connection.rows(PAGES, ids=list(ids)))

    async def _click(self, visits: Sequence[Visit]) -> set[tuple[UUID, UUID]]:
        """Which links there are of those that were clicked on, each with its page."""
        counts = Counter((visit.link_id, visit.page_id) for visit in visits if visit.link_id is not None)
        if not counts:
            return set()
        links, pages = zip(*counts, strict=True)
        values = {"links": list(links), "pages": list(pages), "counts": list(counts.values())}
        return {(link_id, page_id) for link_id, page_id in await self._connection.rows(CLICKED, **values)}

    async def _write(self, visits: Sequence[Visit]) -> None:
        await self._connection.execute(
            VIEWS,
            ids=[visit.id for visit in visits],
            pages=[visit.page_id for visit in visits],
            ats=[visit.at for visit in visits],
            links=[visit.link_id for visit in visits],
            visitors=[visit.visitor for visit in visits],
            devices=[visit.device for visit in visits],
            referrers=[visit.referrer for visit in visits],
            countries=[visit.country for visit in visits],
        )
        views, clicks = Counter[Day](), Counter[Day]()
        for visit in visits:
            (clicks if visit.link_id else views)[_day(visit)] += 1
        days = sorted({*views, *clicks})
        await self._connection.execute(
            SUMS,
            pages=[page_id for page_id, _ in days],
            days=[day for _, day in days],
            views=[views[day] for day in days],
            clicks=[clicks[day] for day in days],
        )
        people = sorted({(*_day(visit), visit.visitor) for visit in visits})
        await self._connection.execute(
            VISITORS,
            pages=[page_id for page_id, _, _ in people],
            days=[day for _, day, _ in people],
            visitors=[visitor for _, _, visitor in people],
        )
        await self._add_values(visits)

    async def _add_values(self, visits: Sequence[Visit]) -> None:
        seen: dict[Group, Counter[str]] = defaultdict(Counter)
        for visit in visits:
            for dimension, value in visit.values:
                seen[*_day(visit), dimension][value] += 1
        known = await self._known(seen)
        await self._store({group: bounded(counts, known[group]) for group, counts in seen.items()})

    async def _store(self, counted: Mapping[Group, Counter[str]]) -> None:
        rows = [
            (*group, value, count)
            for group, counts in sorted(counted.items())
            for value, count in sorted(counts.items())
        ]
        if rows:
            names = ("pages", "days", "dimensions", "values", "counts")
            await self._connection.execute(VALUES, **dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))

    async def _known(self, groups: Iterable[Group]) -> Mapping[Group, set[str]]:
        pages, days, dimensions = map(list, zip(*groups, strict=True))
        known: dict[Group, set[str]] = defaultdict(set)
        for page_id, day, dimension, value in await self._connection.rows(
            KNOWN, pages=pages, days=days, dimensions=dimensions
        ):
            known[page_id, day, dimension].add(value)
        return known


def bounded(counts: Mapping[str, int], known: set[str]) -> Counter[str]:
    """``counts`` by value, of which no more are kept apart than there may be; the rest count as one."""
    left = VALUES_PER_DAY - len(known - {OTHERS})
    kept = Counter[str]()
    for value, count in counts.items():
        fresh = value not in known
        kept[OTHERS if fresh and left <= 0 else value] += count
        left -= fresh
    return kept


def _bounds(day: date) -> dict[str, datetime]:
    begins = datetime.combine(day, time.min, UTC)
    return {"begins": begins, "ends": begins + timedelta(days=1)}


def _day(visit: Visit) -> Day:
    return visit.page_id, visit.at.date()


def _refused(visit: Visit, pages: Mapping[UUID, UUID]) -> Uncounted | None:
    if visit.page_id not in pages:
        return Uncounted.UNKNOWN
    return Uncounted.OWNER if pages[visit.page_id] == visit.by else None
