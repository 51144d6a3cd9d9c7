"""Legal texts as they are read, the versions that people are asked about, and who was told of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Integer,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from domain import topics
from domain.legal import CONSENTED_AS
from persistence.engine.connection import Connection
from persistence.models import ConsentRecord, LegalNotice, LegalVersion, Publication, User
from persistence.models.legal import STANDS
from persistence.outbox import Outbox

Row = LegalVersion
AT_ONCE = timedelta(0)
NOBODY = UUID(int=0)
"""Before whom there is no account."""

_TEXT = Publication
_of_slug = (_TEXT.kind == "legal", _TEXT.slug == bindparam("slug"))
_in_locales = _TEXT.locale.in_((bindparam("locale"), bindparam("default")))
_told = select(_TEXT.html, _TEXT.locale, _TEXT.label, _TEXT.shown_from).where(*_of_slug, _in_locales)
_preferred = case((_TEXT.locale == bindparam("locale"), 0), else_=1)
_began = _TEXT.shown_from <= bindparam("now")
_ended = _TEXT.shown_until <= bindparam("now")
SHOWN = (
    _told.where(_began, or_(_TEXT.shown_until.is_(None), ~_ended))
    .order_by(_preferred, _TEXT.shown_from.desc())
    .limit(1)
)
_announced = select(Row.id).where(Row.slug == _TEXT.slug, Row.label == _TEXT.label, Row.withdrawn_at.is_(None)).exists()
OF_LABEL = (
    _told.where(_TEXT.label == bindparam("label"), or_(_began, _announced))
    .order_by(_preferred, _TEXT.shown_from.desc())
    .limit(1)
)

_page = (
    select(User.id, User.status, User.email_verified)
    .where(User.id > bindparam("after", type_=Uuid))
    .order_by(User.id)
    .limit(bindparam("most", type_=Integer))
    .subquery()
)
_last = (
    select(ConsentRecord.granted, ConsentRecord.version)
    .where(ConsentRecord.user_id == _page.c.id, ConsentRecord.kind == any_(bindparam("kinds", type_=ARRAY(Text))))
    .order_by(ConsentRecord.created_at.desc())
    .limit(1)
    .lateral()
)
_agreed_to_another = and_(_last.c.granted, _last.c.version != bindparam("label"))
PEOPLE = (
    select(
        _page.c.id,
        func.coalesce(
            and_(_page.c.email_verified, _page.c.status != "DELETED", _agreed_to_another), literal(False)
        ).label("is_told"),
    )
    .select_from(_page)
    .outerjoin(_last, true())
    .order_by(_page.c.id)
)


class Page(NamedTuple):
    """``last``: up to which account it reaches, None behind the last one. ``to_tell``: those who are to be told."""

    last: UUID | None
    to_tell: Sequence[UUID]


class Legal:
    def __init__(self, connection: Connection, outbox: Outbox) -> None:
        self._connection = connection
        self._outbox = outbox

    async def announce(
        self,
        slug: str,
        label: str,
        effective_at: datetime,
        *,
        requires_consent: bool,
        summary: str,
        now: datetime,
    ) -> None:
        """That a version of a text is published, in the transaction that publishes it; ``slug`` is privacy or terms.

        One that requires consent is what people are asked about from ``effective_at`` on, and who agreed to the former
        one is told before, with the ``summary``. Another language of the same version says nothing new, unless it is
        the first that requires consent: the moment stays that of the first.
        """
        row = insert(Row).values(
            slug=slug, label=label, effective_at=effective_at, requires_consent=requires_consent, summary=summary
        )
        now_required = and_(~Row.requires_consent, row.excluded.requires_consent)
        announced = row.on_conflict_do_update(
            index_elements=[Row.slug, Row.label],
            index_where=STANDS,
            set_={"requires_consent": True},
            where=now_required,
        ).returning(Row.id, Row.effective_at)
        version = await self._connection.row(announced)
        if version is not None and requires_consent:
            await self._outbox.add(topics.TellOfLegalVersion(version.id))
            await self._outbox.add_later(
                topics.LegalVersionInForce(version.id), max(version.effective_at - now, AT_ONCE)
            )

    async def withdraw(self, slug: str, label: str, now: datetime) -> bool:
        """A version that did not take effect yet never does. False where there is none: those in force stay."""
        waiting = update(Row).where(
            Row.slug == slug, Row.label == label, Row.withdrawn_at.is_(None), Row.applied_at.is_(None),
            Row.effective_at > now,
        )  # fmt: skip
        return await self._connection.scalar(waiting.values(withdrawn_at=now).returning(Row.id)) is not None

    async def find(self, version_id: UUID) -> LegalVersion | None:
        """None also for one that was withdrawn."""
        return await self._connection.scalar(select(Row).where(Row.id == version_id, Row.withdrawn_at.is_(None)))

    async def hold_all(self, slug: str) -> Sequence[LegalVersion]:
        """The versions of a text, which nobody else changes until the transaction ends."""
        standing = select(Row).where(Row.slug == slug, Row.withdrawn_at.is_(None)).order_by(Row.id)
        return await self._connection.scalars(standing.with_for_update())

    async def apply(self, version_id: UUID, now: datetime) -> None:
        await self._connection.execute(update(Row).where(Row.id == version_id).values(applied_at=now))

    async def people(self, version: LegalVersion, after: UUID | None, most: int) -> Page:
        """The next accounts by id, and those of them that agreed to another version of the text last."""
        kinds = list(CONSENTED_AS[version.slug])
        rows: Any = await self._connection.rows(
            PEOPLE, after=after or NOBODY, most=most, kinds=kinds, label=version.label
        )
        return Page(rows[-1].id if rows else None, [row.id for row in rows if row.is_told])

    async def reach(self, version_id: UUID, after: UUID | None, last: UUID | None, now: datetime) -> bool:
        """Accounts up to ``last`` were looked at, all of them if it is None. False when somebody else was first."""
        here = update(Row).where(Row.id == version_id, Row.reached.is_not_distinct_from(after), Row.told_at.is_(None))
        moved = here.values(told_at=now) if last is None else here.values(reached=last)
        return await self._connection.scalar(moved.where(Row.withdrawn_at.is_(None)).returning(Row.id)) is not None

    async def note_told(self, version: LegalVersion, user_ids: Sequence[UUID]) -> Sequence[UUID]:
        """Those who were not told of it before."""
        if not user_ids:
            return []
        rows = [
            {"user_id": user_id, "version_id": version.id, "slug": version.slug, "label": version.label}
            for user_id in user_ids
        ]
        noted = insert(LegalNotice).values(rows).on_conflict_do_nothing()
        return await self._connection.scalars(noted.returning(LegalNotice.user_id))

    async def summary(self, version: LegalVersion, locale: str) -> str:
        """In the language, where the text is published in it."""
        of_version = (_TEXT.kind == "legal", _TEXT.slug == version.slug, _TEXT.locale == locale)
        query = select(_TEXT.summary).where(*of_version, _TEXT.label == version.label)
        return await self._connection.scalar(query.order_by(_TEXT.shown_from.desc()).limit(1)) or version.summary

    async def shown(self, slug: str, locale: str, default: str, now: datetime) -> Any:
        """The text that is in force, in the language or else in the ``default`` one; None where there is none."""
        return await self._connection.row(SHOWN, slug=slug, locale=locale, default=default, now=now)

    async def of_label(self, slug: str, label: str, locale: str, default: str, now: datetime) -> Any:
        """A version that is or was shown, or was announced."""
        return await self._connection.row(OF_LABEL, slug=slug, label=label, locale=locale, default=default, now=now)
