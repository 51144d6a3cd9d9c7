"""The languages of the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import moved_on
from domain.i18n.languages import as_written, language_columns, language_view, require_default
from domain.i18n.translations import WRITE, languages_of, require_language

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Permissions, Principal, Repositories, Walk


async def list(db: Repositories, walk: Walk) -> wire.Languages:  # noqa: A001
    rows = await db.languages.page(walk.after(int, str), walk.rows)
    shown, further = walk.page(rows, lambda row: (row.sort_order, row.code))
    return {"items": [language_view(row) for row in shown], "nextCursor": further}


async def set(  # noqa: A001
    code: str,
    body: wire.SetLanguageRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
    permissions: Permissions,
) -> wire.StoredLanguage:
    assigned = languages_of(await db.staff.assignments(principal.user_id), WRITE, permissions.of)
    require_language(None, assigned, WRITE)
    await db.languages.hold_all()
    former, columns = await db.languages.find(code), language_columns(body)
    require_default(columns, is_default=former is not None and former.is_default)
    if columns["is_default"]:
        await db.languages.free_default(code)
    if not await _stored(code, columns, expected_version, db):
        raise moved_on(0 if former is None else former.version)
    row = await db.languages.find(code)
    before = None if former is None else as_written(former)
    await db.audit.record(
        "admin.languages.set", actor=principal.user_id, target=code, before=before, after=as_written(row)
    )
    return language_view(row)


async def _stored(code: str, columns: dict[str, object], version: int, db: Repositories) -> bool:
    """A language that there is not yet has the version 0."""
    if version == 0:
        return await db.languages.add(code, columns)
    return await db.languages.change(code, columns, version)
