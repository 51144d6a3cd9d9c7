"""Visits of bio pages, written by the batch: rows, sums of the day and counters of links in one transaction."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Date,
    DateTime,
    LargeBinary,
    String,
    Uuid,
    any_,
    bindparam,
    column,
    delete,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from domain.creators.visits import OTHERS, VALUES_PER_DAY, Uncounted, Visit
from persistence.creators.pages import PUBLIC_PAGE
from persistence.engine.connection import Connection
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
        rows = [
            (*group, value, count)
            for group, counts in sorted(seen.items())
            for value, count in sorted(bounded(counts, known[group]).items())
        ]
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


def _day(visit: Visit) -> Day:
    return visit.page_id, visit.at.date()


def _refused(visit: Visit, pages: Mapping[UUID, UUID]) -> Uncounted | None:
    if visit.page_id not in pages:
        return Uncounted.UNKNOWN
    return Uncounted.OWNER if pages[visit.page_id] == visit.by else None
