"""What staff writes for everybody: entries, with all their revisions. What is public of them are ``publications``."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Uuid,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import ContentEntry, ContentRevision, Publication

Entry, Revision, Shown = ContentEntry, ContentRevision, Publication
COLUMNS = (
    Entry.id, Entry.kind, Entry.slug, Entry.locale, Entry.title, Entry.draft, Entry.version,
    Entry.created_by, Entry.created_at, Entry.updated_at,
)  # fmt: skip
LAST_EDITED = Keyset(Entry.updated_at.desc(), Entry.id.desc())
NEWEST_REVISION = Keyset(Revision.number.desc())
OF_ENTRY = Shown.entry_id == Entry.id
PUBLISHED = exists().where(Shown.entry_id == Revision.entry_id, Shown.revision == Revision.number)
WRITTEN = (
    Revision.number, Revision.author_id, Revision.created_at, Revision.updated_at, Revision.source,
    PUBLISHED.label("published"),
)  # fmt: skip
PER_SLUG = ("article", "post")
TITLE = func.coalesce(Revision.source["question"].astext, Revision.source["title"].astext).label("title")


class ContentTexts:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(
        self,
        kind: str,
        keys: Sequence[Any] | None,
        rows: int,
        now: datetime,
        *,
        state: str | None = None,
        locale: str | None = None,
        category: UUID | None = None,
        named: tuple[str, str] | None = None,
    ) -> Sequence[Any]:
        """Those that were edited last first. ``named``: a beginning of the slug, or else a part of the folded title."""
        found = _entries(now).where(Entry.kind == kind)
        if state is not None:
            found = found.where(_is(state, now))
        if locale is not None:
            found = found.where(Entry.locale == locale)
        if category is not None:
            found = found.where(Entry.category_ids.op("@>")(literal([category], ARRAY(Uuid))))
        if named is not None:
            slug, folded = named
            found = found.where(
                or_(Entry.slug.startswith(slug, autoescape=True), Entry.folded.contains(folded, autoescape=True))
            )
        return await self._connection.rows(LAST_EDITED.page(found, keys, rows))

    async def find(self, kind: str, entry_id: UUID, now: datetime) -> Any:
        """The entry, with what of it is public or will be; None when there is none."""
        return await self._connection.row(_entries(now).where(Entry.id == entry_id, Entry.kind == kind))

    async def publications(self, entry_id: UUID, now: datetime) -> Sequence[Any]:
        """What is public, and what is scheduled after it."""
        lasting = or_(Shown.shown_until.is_(None), Shown.shown_until > now)
        rows = select(Shown).where(Shown.entry_id == entry_id, lasting).order_by(Shown.shown_from)
        return await self._connection.scalars(rows)

    async def revisions(self, entry_id: UUID, keys: Sequence[Any] | None, rows: int) -> Sequence[Any]:
        """The newest first, without their texts."""
        columns = (*(column for column in WRITTEN if column is not Revision.source), TITLE)
        listed: Select[*tuple[Any, ...]] = select(*columns).where(Revision.entry_id == entry_id)
        return await self._connection.rows(NEWEST_REVISION.page(listed, keys, rows))

    async def revision(self, entry_id: UUID, number: int) -> Any:
        """None when there is none."""
        found = select(*WRITTEN).where(Revision.entry_id == entry_id, Revision.number == number)
        return await self._connection.row(found)

    async def add(
        self, columns: Mapping[str, Any], source: Mapping[str, Any], author_id: UUID | None, now: datetime
    ) -> Any:
        """The id; None where another has the slug. ``author_id``: one of the staff, if it was written by anybody."""
        times = {"created_at": now, "updated_at": now}
        try:
            async with self._connection.savepoint():
                row = insert(Entry).values(**columns, **times, created_by=author_id).returning(Entry.id)
                entry_id = await self._connection.scalar_one(row)
        except UniqueViolation:
            return None
        await self._add_revision(entry_id, 1, source, author_id, now)
        return entry_id

    async def write(
        self,
        entry: Any,
        version: int,
        columns: Mapping[str, Any],
        source: Mapping[str, Any],
        author_id: UUID,
        now: datetime,
        *,
        number: int,
    ) -> bool | None:
        """The revision of that ``number`` becomes the draft: the newest one anew, or one after it.

        False when the entry has another version than that; None where another entry has the slug.
        """
        try:
            async with self._connection.savepoint():
                changed = await self._move(entry.id, version, **columns, draft=number, updated_at=now)
        except UniqueViolation:
            return None
        if not changed:
            return False
        if number > entry.draft:
            await self._add_revision(entry.id, number, source, author_id, now)
        else:
            amended = update(Revision).where(Revision.entry_id == entry.id, Revision.number == number)
            await self._connection.execute(amended.values(source=source, updated_at=now))
        return True

    async def move_on(self, entry_id: UUID, version: int, now: datetime) -> bool:
        """What is public of it changed. False when it has another version than that."""
        return await self._move(entry_id, version, updated_at=now)

    async def is_taken(self, entry_id: UUID, kind: str, slug: str | None, locale: str, now: datetime) -> bool:
        """Whether another entry is public under this name, or will be. To be asked by one at a time."""
        lasting = or_(Shown.shown_until.is_(None), Shown.shown_until > now)
        named = [Shown.kind == kind, Shown.slug == slug, lasting, Shown.entry_id != entry_id]
        if kind not in PER_SLUG:
            named.append(Shown.locale == locale)
        return bool(await self._connection.scalar(select(exists().where(*named))))

    async def was_published(self, entry_id: UUID) -> bool:
        """Whether it is or was public, or will be."""
        return bool(await self._connection.scalar(select(exists().where(Shown.entry_id == entry_id))))

    async def labels(self, slug: str, entry_id: UUID, now: datetime) -> Sequence[Any]:
        """Entry and label of all versions of a legal text, but of those of the entry that are only scheduled."""
        stays = or_(Shown.entry_id != entry_id, Shown.shown_from <= now)
        rows = select(Shown.entry_id, Shown.label).where(Shown.kind == "legal", Shown.slug == slug, stays)
        return await self._connection.rows(rows)

    async def only_scheduled(self, entry_id: UUID, now: datetime) -> Sequence[Any]:
        """Slug and label of what is scheduled of a legal text, unless another language has the same version."""
        other = aliased(Shown)
        same = (other.kind == "legal", other.slug == Shown.slug, other.label == Shown.label)
        rows = select(Shown.slug, Shown.label).where(
            Shown.entry_id == entry_id,
            Shown.shown_from > now,
            ~exists().where(*same, other.entry_id != entry_id),
        )
        return await self._connection.rows(rows)

    async def cleaned_before(self, version: int, most: int) -> Sequence[UUID]:
        """Publications that an earlier version of the cleaner made, some of them."""
        rows = select(Shown.id).where(Shown.sanitizer_version < version).order_by(Shown.sanitizer_version, Shown.id)
        return await self._connection.scalars(rows.limit(most))

    async def source_of(self, publication_id: UUID) -> Any:
        """Kind and source of what was published; None when it is there no more."""
        of_it = and_(Revision.entry_id == Shown.entry_id, Revision.number == Shown.revision)
        found = select(Shown.kind, Revision.source).join(Revision, of_it).where(Shown.id == publication_id)
        return await self._connection.row(found)

    async def reclean(self, publication_id: UUID, columns: Mapping[str, Any]) -> None:
        """``columns``: those that come of the cleaner."""
        await self._connection.execute(update(Shown).where(Shown.id == publication_id).values(**columns))

    async def remove(self, entry_id: UUID, version: int) -> bool:
        """With all revisions. False when it has another version than that."""
        gone = delete(Entry).where(Entry.id == entry_id, Entry.version == version).returning(Entry.id)
        return await self._connection.scalar(gone) is not None

    async def _move(self, entry_id: UUID, version: int, **columns: Any) -> bool:
        seen = update(Entry).where(Entry.id == entry_id, Entry.version == version)
        changed = seen.values(**columns, version=version + 1).returning(Entry.id)
        return await self._connection.scalar(changed) is not None

    async def _add_revision(
        self, entry_id: UUID, number: int, source: Mapping[str, Any], author_id: UUID | None, now: datetime
    ) -> None:
        times = {"created_at": now, "updated_at": now}
        row = insert(Revision).values(entry_id=entry_id, number=number, author_id=author_id, source=source, **times)
        await self._connection.execute(row)


def _live(now: datetime) -> ColumnElement[Any]:
    lasting = or_(Shown.shown_until.is_(None), Shown.shown_until > now)
    shown = select(Shown.revision).where(OF_ENTRY, Shown.shown_from <= now, lasting)
    return shown.order_by(Shown.shown_from.desc()).limit(1).scalar_subquery()


def _scheduled(now: datetime) -> ColumnElement[Any]:
    return select(func.min(Shown.shown_from)).where(OF_ENTRY, Shown.shown_from > now).scalar_subquery()


def _published() -> ColumnElement[Any]:
    return select(func.min(Shown.published_at)).where(OF_ENTRY).scalar_subquery()


def _entries(now: datetime) -> Select[*tuple[Any, ...]]:
    public = (_live(now).label("live"), _scheduled(now).label("scheduled_at"), _published().label("published_at"))
    return select(*COLUMNS, *public)


def _is(state: str, now: datetime) -> ColumnElement[bool]:
    """As ``state_of`` in ``domain.admin.content.texts`` tells it of a row."""
    live, scheduled, published = _live(now), _scheduled(now), _published()
    if state == "LIVE":
        return live.is_not(None)
    if state == "SCHEDULED":
        return and_(live.is_(None), scheduled.is_not(None))
    if state == "ARCHIVED":
        return and_(live.is_(None), scheduled.is_(None), published.is_not(None))
    return published.is_(None)
