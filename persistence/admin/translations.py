"""Translations beside their English source, and their drafts."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Text, and_, bindparam, case, false, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from domain.i18n import SOURCE, digest_of
from domain.i18n.translations import Entry, Filters, Known, Place
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import Translation

Own = Translation
English = aliased(Translation)
BY_SOURCE = Keyset(English.namespace, English.key)
BY_TEXT = Keyset(Own.namespace, Own.key)
# No key goes beyond this letter, by the bytes of which these operators compare.
LAST = "\U0010ffff"
OF_TEXT = ("id", "text", "draft", "status", "origin", "note", "draft_by", "updated_at")


def _same(one: Any, other: Any) -> ColumnElement[bool]:
    return and_(one.namespace == other.namespace, one.key == other.key)


def _columns(locale: Any, place: Any) -> list[Any]:
    return [
        literal(locale, Text).label("locale"),
        place.namespace.label("namespace"),
        place.key.label("key"),
        English.text.label("source"),
        func.coalesce(Own.outdated, false()).label("outdated"),
        func.coalesce(Own.version, 0).label("version"),
        *(getattr(Own, name) for name in OF_TEXT),
    ]


def _narrowed(only: Filters, keys: Sequence[Any] | None = None) -> tuple[Select[*tuple[Any, ...]], Keyset]:
    """The texts, from the side on which few of them match.

    Of the other side, too, it is said that it comes after ``keys``: a merge would read it from its beginning.
    """
    place: Any = Own if only.of_texts else English
    chosen: Select[*tuple[Any, ...]] = select(*_columns(only.locale, place)).select_from(place)
    if only.of_texts:
        chosen = chosen.outerjoin(English, (English.locale == SOURCE) & _same(English, Own) & BY_SOURCE.after(keys))
        chosen = chosen.where(Own.locale == only.locale)
    else:
        chosen = chosen.outerjoin(Own, (Own.locale == only.locale) & _same(Own, English) & BY_TEXT.after(keys))
        chosen = chosen.where(English.locale == SOURCE)
    if only.namespace is not None:
        chosen = chosen.where(place.namespace == only.namespace)
    if only.status is not None:
        chosen = chosen.where(Own.status == only.status)
    if only.outdated is not None:
        chosen = chosen.where(Own.outdated if only.outdated else func.coalesce(Own.outdated, false()).is_(False))
    if only.missing is not None:
        chosen = chosen.where(Own.text.is_(None) if only.missing else Own.text.is_not(None))
    if only.prefix is not None:
        key = place.key
        chosen = chosen.where(key.op("~>=~")(only.prefix), key.op("~<~")(only.prefix + LAST))
    return chosen, BY_TEXT if only.of_texts else BY_SOURCE


class Translations:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(self, only: Filters, keys: Sequence[Any] | None, rows: int) -> Sequence[Any]:
        """By namespace and key."""
        chosen, order = _narrowed(only, keys)
        return await self._connection.rows(order.page(chosen, keys, rows))

    async def find(self, locale: str, namespace: str, key: str) -> Any | None:
        """With the English text; None where the language does not have it."""
        found, _ = _narrowed(Filters(locale, namespace))
        found = found.where(English.key == key, Own.id.is_not(None))
        return await self._connection.row(found)

    async def source(self, namespace: str, key: str) -> str | None:
        """The English text, or what is drafted of it; None where there is neither."""
        text = func.coalesce(Own.text, Own.draft)
        found = select(text).where(Own.locale == SOURCE, Own.namespace == namespace, Own.key == key)
        return await self._connection.scalar(found)

    async def add_draft(self, locale: str, place: Place, columns: Mapping[str, Any]) -> bool:
        """False when the language has the text."""
        row = insert(Own).values(locale=locale, **place._asdict(), **columns).on_conflict_do_nothing()
        return await self._connection.scalar(row.returning(Own.id)) is not None

    async def change_draft(self, text_id: UUID, columns: Mapping[str, Any], version: int) -> bool:
        """False when it has another version."""
        seen = update(Own).where(Own.id == text_id, Own.version == version)
        changed = seen.values(**columns, version=Own.version + 1, updated_at=func.now())
        return await self._connection.scalar(changed.returning(Own.id)) is not None

    async def locales_of(self, ids: Sequence[UUID]) -> set[str]:
        return set(await self._connection.scalars(select(Own.locale).where(Own.id.in_(ids)).distinct()))

    async def hold(self, ids: Sequence[UUID]) -> tuple[Sequence[Any], Mapping[Place, str]]:
        """The texts, held until the transaction ends, and the English texts of their places."""
        columns = (Own.id, Own.locale, Own.namespace, Own.key, Own.draft, Own.status, Own.draft_by, Own.version)
        held = select(*columns).where(Own.id.in_(ids)).order_by(Own.id).with_for_update()
        rows = await self._connection.rows(held)
        sources = select(English.namespace, English.key, English.text).join(Own, _same(Own, English))
        sources = sources.where(Own.id.in_(ids), English.locale == SOURCE, English.text.is_not(None))
        found: Any = await self._connection.rows(sources)
        return rows, {Place(namespace, key): text for namespace, key, text in found}

    async def approve(self, ids: Sequence[UUID], by: UUID) -> None:
        """The drafts are the texts from now on. Whether they are outdated is told by English as it is then."""
        sourced = Own.locale == SOURCE
        approved = update(Own).where(Own.id.in_(ids)).values(
            text=Own.draft, draft=None, status="APPROVED", origin="STAFF", outdated=False,
            made_from=case((sourced, func.md5(Own.draft)), else_=Own.draft_from), draft_from=None, draft_by=None,
            note=None, reviewed_by=by, version=Own.version + 1, updated_at=func.now(),
        )  # fmt: skip
        await self._connection.execute(approved)

    async def reject(self, ids: Sequence[UUID], by: UUID, note: str | None) -> None:
        rejected = update(Own).where(Own.id.in_(ids))
        told = {"status": "REJECTED", "note": note, "reviewed_by": by, "updated_at": func.now()}
        await self._connection.execute(rejected.values(**told, version=Own.version + 1))

    async def known(self, locale: str, namespace: str, keys: Sequence[str]) -> Mapping[str, Known]:
        """What there is of the keys, and the English text of each; none of those that English does not have."""
        chosen, _ = _narrowed(Filters(locale, namespace))
        rows = await self._connection.rows(
            chosen.with_only_columns(English.key, Own.text, Own.draft, func.coalesce(English.text, English.draft))
            .where(English.key.in_(keys))
        )  # fmt: skip
        return {key: Known(text, draft, source) for key, text, draft, source in rows}

    async def take_in(
        self,
        locale: str,
        namespace: str,
        entries: Sequence[Entry],
        sources: Mapping[str, str],
        by: UUID,
        *,
        approved: bool,
    ) -> None:
        """As drafts that wait for a review, or as approved texts. ``sources``: the English texts by their keys."""
        made_from = [digest_of(sources.get(entry.key, entry.text)) for entry in entries]
        columns = ([entry.key for entry in entries], [entry.text for entry in entries], made_from)
        given = func.unnest(*(bindparam(None, list(each), type_=ARRAY(Text)) for each in columns))
        filed = given.table_valued("key", "text", "made_from").render_derived()
        values = _approved(filed, by) if approved else _drafted(filed, by)
        place = {"locale": literal(locale, Text), "namespace": literal(namespace, Text), "key": filed.c.key}
        row = insert(Own).from_select(
            [*place, *values], select(*place.values(), *values.values()), include_defaults=False
        )
        taken = {name: row.excluded[name] for name in values}
        row = row.on_conflict_do_update(
            index_elements=[Own.locale, Own.namespace, Own.key],
            set_={**taken, "version": Own.version + 1, "updated_at": func.now()},
        )
        await self._connection.execute(row)


def _approved(filed: Any, by: UUID) -> dict[str, Any]:
    nothing = literal(None, Text)
    return {
        "text": filed.c.text, "draft": nothing, "status": literal("APPROVED", Text), "origin": literal("STAFF", Text),
        "made_from": filed.c.made_from, "draft_from": nothing, "outdated": false(), "note": nothing,
        "draft_by": literal(None, Own.draft_by.type), "reviewed_by": literal(by),
    }  # fmt: skip


def _drafted(filed: Any, by: UUID) -> dict[str, Any]:
    return {
        "draft": filed.c.text, "status": literal("IN_REVIEW", Text), "draft_from": filed.c.made_from,
        "draft_by": literal(by), "note": literal(None, Text),
    }  # fmt: skip
