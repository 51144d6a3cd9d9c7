"""Languages, with how far their texts are."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.i18n import SOURCE
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import Language, Translation

IN_ORDER = Keyset(Language.sort_order, Language.code)


def _count(*where: Any) -> Any:
    return select(func.count()).select_from(Translation).where(*where).scalar_subquery()


_own = Translation.locale == Language.code
_source = Translation.__table__.alias("english")
_texts = (
    select(func.count())
    .select_from(_source)
    .where(_source.c.locale == SOURCE, _source.c.text.is_not(None))
    .scalar_subquery()
)
LANGUAGES = select(
    *Language.__table__.columns,
    _texts.label("texts"),
    _count(_own, Translation.text.is_not(None)).label("translated"),
    _count(_own, Translation.outdated).label("outdated"),
    _count(_own, Translation.status == "IN_REVIEW").label("in_review"),
)


class Languages:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(self, keys: Sequence[Any] | None, rows: int) -> Sequence[Any]:
        return await self._connection.rows(IN_ORDER.page(LANGUAGES, keys, rows))

    async def find(self, code: str) -> Any | None:
        return await self._connection.row(LANGUAGES.where(Language.code == code))

    async def hold_all(self) -> None:
        """Until the transaction ends nobody else changes a language: one of them is the default."""
        held = select(Language.code).order_by(Language.code).with_for_update()
        await self._connection.scalars(held)

    async def free_default(self, code: str) -> None:
        """Of all languages but this one."""
        others = update(Language).where(Language.is_default, Language.code != code)
        moved = {"version": Language.version + 1, "texts_version": Language.texts_version + 1}
        await self._connection.execute(others.values(is_default=False, updated_at=func.now(), **moved))

    async def add(self, code: str, columns: Mapping[str, Any]) -> bool:
        """False when there is one."""
        row = insert(Language).values(code=code, **columns).on_conflict_do_nothing(index_elements=[Language.code])
        return await self._connection.scalar(row.returning(Language.code)) is not None

    async def change(self, code: str, columns: Mapping[str, Any], version: int) -> bool:
        """False when it has another version."""
        seen = update(Language).where(Language.code == code, Language.version == version)
        moved = {"version": Language.version + 1, "texts_version": Language.texts_version + 1}
        changed = seen.values(**columns, **moved, updated_at=func.now())
        return await self._connection.scalar(changed.returning(Language.code)) is not None
