"""The languages and their texts, as they are served and as they come from files."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, Text, any_, bindparam, case, false, func, literal_column, or_, select, true, update
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert

from domain.i18n import MOST_LANGUAGES, PRIVATE, SERVER, SOURCE, Spoken
from domain.i18n import Text as Said
from persistence.engine.connection import Connection
from persistence.engine.statements import kept
from persistence.models import Language, Translation

Row = Translation
SPOKEN = kept(
    select(*(getattr(Language, name) for name in Spoken._fields))
    .order_by(Language.sort_order, Language.code)
    .limit(literal_column(str(MOST_LANGUAGES)))
)
# Texts and version are read by one statement, which sees one moment: so a version never has two bodies.
_place = (Row.namespace, Row.key)
_texts = (
    select(func.json_agg(aggregate_order_by(func.json_build_array(*_place, Row.text), *_place)))
    .where(Row.locale == Language.code, Row.text.is_not(None), Row.namespace.not_in(PRIVATE))
    .scalar_subquery()
)
TEXTS = select(Language.texts_version, _texts).where(Language.code == bindparam("code"), Language.active)
EDITED = select(Row.locale, Row.namespace, Row.key, Row.text).where(
    Row.locale == any_(bindparam("locales", type_=ARRAY(Text))),
    Row.namespace == any_(bindparam("namespaces", type_=ARRAY(Text))),
    Row.origin == literal_column("'STAFF'"),
    Row.text.is_not(None),
)
# What others translate anew: they were made from an English text that is none any more.
English = Row.__table__.alias("english")
OUTDATED = (
    update(Row)
    .where(
        English.c.locale == SOURCE,
        English.c.namespace == Row.namespace,
        English.c.key == Row.key,
        Row.locale != SOURCE,
        Row.text.is_not(None),
        Row.made_from != func.md5(English.c.text),
        Row.outdated.is_(False),
    )
    .values(outdated=True, version=Row.version + 1)
)


class Named(NamedTuple):
    """A language as it comes with the server."""

    code: str
    name: str
    native_name: str
    is_rtl: bool
    is_default: bool
    sort_order: int


class Filed(NamedTuple):
    """A text of the files, with its digest and that of the English text beside it."""

    text: Said
    digest: str
    made_from: str


class Texts:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def languages(self) -> list[Spoken]:
        """All of them, in their order."""
        return [Spoken._make(row) for row in await self._connection.rows(SPOKEN)]

    async def of(self, locale: str) -> tuple[int, Sequence[tuple[str, str, str]]] | None:
        """The version of a language's public texts, and these: namespace, key and text. None unless it is active."""
        row = await self._connection.row(TEXTS, code=locale)
        return None if row is None else (row[0], row[1] or [])

    async def all_of(self, locale: str) -> Sequence[tuple[str, str, str]]:
        """Namespace, key and approved text of each, those that only the server says included."""
        chosen = select(*_place, Row.text).where(Row.locale == locale, Row.text.is_not(None)).order_by(*_place)
        return [(namespace, key, text or "") for namespace, key, text in await self._connection.rows(chosen)]

    async def edited(self, locales: Iterable[str]) -> list[Said]:
        """What the server says itself, in words that staff approved."""
        rows = await self._connection.rows(EDITED, locales=list(locales), namespaces=list(SERVER))
        return [Said._make(row) for row in rows]

    async def hold(self, locales: Iterable[str]) -> Sequence[str]:
        """Those of the languages that there are, held until the transaction ends, in one order by all.

        Whoever changes a text holds its language, and English, which tells what is outdated.
        """
        held = select(Language.code).where(Language.code.in_(sorted({*locales, SOURCE})))
        return await self._connection.scalars(held.order_by(Language.code).with_for_update())

    async def move_on(self, locales: Iterable[str]) -> None:
        """The texts of these languages are other ones from now on."""
        moved = update(Language).where(Language.code.in_(sorted(set(locales))))
        await self._connection.execute(moved.values(texts_version=Language.texts_version + 1))

    async def mark_outdated(self, places: Sequence[tuple[str, str]] | None = None) -> None:
        """What was made from another English text than there is; of the given namespaces and keys, or of all."""
        if places is None:
            await self._connection.execute(OUTDATED)
            return
        names = [[place[part] for place in places] for part in (0, 1)]
        given = func.unnest(*(bindparam(None, part, type_=ARRAY(Text)) for part in names))
        chosen = given.table_valued("namespace", "key").render_derived()
        these = OUTDATED.where(English.c.namespace == chosen.c.namespace, English.c.key == chosen.c.key)
        await self._connection.execute(these)

    async def files(self) -> Mapping[str, str | None]:
        """The digests of the files that were last imported, by language."""
        rows = await self._connection.rows(select(Language.code, Language.files))
        return {row.code: row.files for row in rows}

    async def add_languages(self, languages: Sequence[Named]) -> None:
        """Those that there are stay as they are, and so does the default."""
        for language in languages:
            other = select(Language.code).where(Language.is_default).exists() if language.is_default else true()
            row = language._asdict() | {"is_default": case((other, false()), else_=true())}
            await self._connection.execute(insert(Language).values(**row).on_conflict_do_nothing())

    async def take_in(self, texts: Sequence[Filed]) -> set[str]:
        """Write what the files have, and return the languages of which a text changed.

        What staff wrote stays, and is outdated where the file changed; a text that staff has only drafted is written.
        """
        columns = [
            *zip(*(each.text for each in texts), strict=True),
            [each.digest for each in texts],
            [each.made_from for each in texts],
        ]
        names = ("locale", "namespace", "key", "text", "imported", "made_from")
        given = func.unnest(*(bindparam(None, list(each), type_=ARRAY(Text)) for each in columns))
        filed = given.table_valued(*names).render_derived()
        fixed: dict[str, Any] = {"status": literal_column("'APPROVED'"), "origin": literal_column("'FILE'")}
        row = insert(Row).from_select(
            [*names, *fixed], select(*(filed.c[name] for name in names), *fixed.values()), include_defaults=False
        )
        ours = or_(Row.text.is_(None), Row.origin == "FILE")
        written = {name: case((ours, row.excluded[name]), else_=getattr(Row, name)) for name in ("text", "made_from")}
        row = row.on_conflict_do_update(
            index_elements=[Row.locale, Row.namespace, Row.key],
            set_={
                **written,
                "imported": row.excluded.imported,
                "origin": case((ours, "FILE"), else_=Row.origin),
                "status": case((Row.draft.is_(None), "APPROVED"), else_=Row.status),
                "outdated": case((ours, false()), else_=true()),
                "version": Row.version + 1,
                "updated_at": func.now(),
            },
            where=or_(
                Row.imported.is_distinct_from(row.excluded.imported),
                (Row.origin == "FILE") & Row.made_from.is_distinct_from(row.excluded.made_from),
            ),
        )
        written_rows = await self._connection.rows(row.returning(Row.locale, Row.origin))
        return {each.locale for each in written_rows if each.origin == "FILE"}

    async def note_files(self, digests: Mapping[str, str]) -> None:
        for code, digest in digests.items():
            await self._connection.execute(update(Language).where(Language.code == code).values(files=digest))


def nested(texts: Iterable[Any]) -> dict[str, dict[str, str]]:
    """Texts by namespace and key."""
    found: dict[str, dict[str, str]] = {}
    for namespace, key, text in texts:
        found.setdefault(namespace, {})[key] = text
    return found
