"""What is or will be public. The clock decides what is shown, so nothing has to be done when a time comes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Subquery, Uuid, and_, delete, func, insert, literal, or_, select, update

from domain.content.lists import Wanted
from domain.content.publishing import EDITIONS
from persistence.editions import Editions
from persistence.engine.connection import Connection
from persistence.models import Publication

Row = Publication
NEWEST = (Row.published_at.desc(), Row.id.desc())
TOLD = (Row.slug, Row.title, Row.excerpt, Row.category_ids, Row.published_at, Row.image, Row.icon, Row.minutes)
LISTED = (Row.id, *TOLD, Row.updated_at, Row.featured)


class Publications:
    """All reads are of what is visible ``now``; what is not, they cannot tell from what never was."""

    def __init__(self, connection: Connection, editions: Editions) -> None:
        self._connection = connection
        self._editions = editions

    async def pages(self, now: datetime, limit: int) -> Sequence[Any]:
        """The last corrected first."""
        shown = select(Row.slug, Row.title, Row.locale, Row.published_at).where(*_visible("page", now))
        return await self._connection.rows(shown.order_by(Row.updated_at.desc(), Row.id.desc()).limit(limit))

    async def find(self, kind: str, slug: str, now: datetime, locale: str | None = None) -> Any:
        """None where nothing of that name is visible. A name that two had in turn is that of the later one."""
        found = select(*TOLD, Row.html, Row.locale).where(*_visible(kind, now), Row.slug == slug)
        if locale is not None:
            found = found.where(Row.locale == locale)
        return await self._connection.row(found.order_by(Row.shown_from.desc(), Row.id).limit(1))

    async def count(self, wanted: Wanted, now: datetime) -> int:
        return await self._connection.scalar_one(select(func.count()).select_from(_found(wanted, now)))

    async def list(self, wanted: Wanted, now: datetime, limit: int, offset: int = 0) -> Sequence[Any]:
        """The newest first."""
        found = _found(wanted, now)
        rows = select(found).order_by(found.c.published_at.desc(), found.c.id.desc())
        return await self._connection.rows(rows.limit(limit).offset(offset))

    async def per_category(self, kind: str, locale: str, now: datetime) -> Mapping[UUID, int]:
        """How many are in each category that has any."""
        category_id = func.unnest(Row.category_ids)
        rows = select(category_id.label("category_id"), func.count().label("shown"))
        shown = rows.where(*_visible(kind, now), Row.locale == locale).group_by(category_id)
        return {row.category_id: row.shown for row in await self._connection.rows(shown)}

    async def questions(self, locale: str, now: datetime, limit: int) -> Sequence[Any]:
        shown = select(Row.title, Row.html, Row.category_ids).where(*_visible("faq", now), Row.locale == locale)
        return await self._connection.rows(shown.order_by(Row.sort_order, Row.id).limit(limit))

    async def announcements(self, now: datetime, limit: int) -> Sequence[Any]:
        """The last begun first, those without a beginning last."""
        begun = or_(Row.starts_at.is_(None), Row.starts_at <= now)
        going_on = or_(Row.ends_at.is_(None), Row.ends_at >= now)
        columns = (Row.title, Row.html, Row.type, Row.locale, Row.starts_at, Row.ends_at)
        shown = select(*columns).where(*_visible("announcement", now), begun, going_on)
        return await self._connection.rows(shown.order_by(Row.starts_at.desc().nulls_last(), Row.id).limit(limit))

    async def next_change(self, kind: str, now: datetime, slug: str | None = None) -> datetime | None:
        """When other rows of the kind will be visible if nobody writes any; None if that stays as it is."""
        named = (Row.kind == kind,) if slug is None else (Row.kind == kind, Row.slug == slug)
        moments = [_first(Row.shown_from, Row.shown_from > now, *named)]
        moments += [_first(Row.shown_until, Row.shown_until > now, *named)]
        if kind == "announcement":
            moments += [_first(Row.starts_at, Row.starts_at > now, *named)]
            moments += [_first(Row.ends_at, Row.ends_at >= now, *named)]
        return await self._connection.scalar(select(func.least(*moments)))

    async def publish(self, entry: Any, revision: int, columns: Mapping[str, Any], at: datetime, now: datetime) -> UUID:
        """Show the revision from ``at`` on, in place of what is visible by then; nothing else stays scheduled.

        ``entry``: its id, kind, slug and locale; hold its row meanwhile. ``columns`` as ``columns_of`` makes them.
        """
        await self._editions.move_on(EDITIONS[entry.kind])
        at = max(at, now)
        first = select(func.min(Row.published_at)).where(Row.entry_id == entry.id, Row.shown_from <= now)
        published_at = await self._connection.scalar(first) or at
        await self._end(entry.id, at, now)
        named = {"entry_id": entry.id, "kind": entry.kind, "slug": entry.slug, "locale": entry.locale}
        times = {"published_at": published_at, "updated_at": at, "shown_from": at}
        row = insert(Row).values(**named, revision=revision, **columns, **times)
        return await self._connection.scalar_one(row.returning(Row.id))

    async def unpublish(self, entry: Any, now: datetime) -> bool:
        """Neither shown nor scheduled any more. False when it was not. ``entry`` as for ``publish``."""
        await self._editions.move_on(EDITIONS[entry.kind])
        return await self._end(entry.id, now, now)

    async def _end(self, entry_id: UUID, at: datetime, now: datetime) -> bool:
        scheduled = delete(Row).where(Row.entry_id == entry_id, Row.shown_from > now)
        shown = update(Row).where(Row.entry_id == entry_id, Row.shown_from <= now, _lasting(now))
        gone = await self._connection.scalars(scheduled.returning(Row.id))
        ended = await self._connection.scalars(shown.values(shown_until=at).returning(Row.id))
        return bool(gone or ended)


def _visible(kind: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (Row.kind == kind, Row.shown_from <= now, _lasting(now))


def _lasting(now: datetime) -> ColumnElement[bool]:
    return or_(Row.shown_until.is_(None), Row.shown_until > now)


def _found(wanted: Wanted, now: datetime) -> Subquery:
    rows = select(*LISTED).where(*_visible(wanted.kind, now))
    if wanted.locale is not None:
        rows = rows.where(Row.locale == wanted.locale)
    if wanted.category_id is not None:
        rows = rows.where(Row.category_ids.op("@>")(literal([wanted.category_id], ARRAY(Uuid))))
    if wanted.featured:
        rows = rows.where(Row.featured)
    if wanted.folded is None:
        return rows.subquery()
    looked_at = rows.add_columns(Row.folded).order_by(*NEWEST).limit(wanted.newest).subquery()
    columns = (looked_at.c[column.key] for column in LISTED)
    return select(*columns).where(looked_at.c.folded.contains(wanted.folded, autoescape=True)).subquery()


def _first(moment: Any, *where: ColumnElement[bool]) -> Any:
    return select(func.min(moment)).where(and_(*where)).scalar_subquery()
