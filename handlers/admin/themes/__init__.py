"""Themes of the front ends, in every state."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.admin import not_found
from domain.errors import ApiError, moved_on
from domain.platform.themes import ACTIVE, EDITION, as_written, refused, row_view, theme_columns, theme_view

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from domain.wire import common
    from handlers.needs import Clock, Principal, Repositories, Walk


async def list(  # noqa: A001
    db: Repositories, walk: Walk, target: common.ThemeTarget | None = None, state: wire.ThemeState | None = None
) -> wire.Themes:
    rows = await db.themes.newest(walk.after(datetime, UUID), walk.rows, target, state)
    shown, further = walk.page(rows, lambda theme: (theme.created_at, theme.id))
    return {"items": [row_view(theme) for theme in shown], "nextCursor": further}


async def add(body: wire.CreateThemeRequest, principal: Principal, db: Repositories) -> wire.ThemeRow:
    columns = theme_columns(body)
    await db.editions.move_on(EDITION)
    theme = await db.themes.add(columns)
    if theme is None:
        raise ApiError("admin.theme.slug_taken")
    await db.audit.record("admin.themes.add", actor=principal.user_id, target=theme.id, after=as_written(theme))
    return row_view(theme)


async def find(id: str, db: Repositories) -> wire.Theme:  # noqa: A002
    return theme_view(await _found(db, UUID(id)))


async def update(
    id: str,  # noqa: A002
    body: wire.UpdateThemeRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.ThemeRow:
    columns = theme_columns(body)
    await db.editions.move_on(EDITION)
    former = await _found(db, UUID(id))
    theme = await db.themes.change(former.id, columns, expected_version, clock())
    if theme is None:
        raise ApiError("admin.theme.slug_taken")
    if theme is False:
        raise moved_on(former.version)
    before, after = ({name: getattr(of, name) for name in columns} for of in (former, theme))
    await db.audit.record("admin.themes.update", actor=principal.user_id, target=former.id, before=before, after=after)
    return row_view(theme)


async def change_state(
    id: str,  # noqa: A002
    body: wire.ChangeThemeStateRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.ThemeRow:
    to = body["to"]
    await db.editions.move_on(EDITION)
    former = await _found(db, UUID(id))
    replaced = await db.themes.active(former.target) if to == ACTIVE else None
    theme = await db.themes.move(former, to, expected_version, clock())
    if theme is None:
        raise refused(former, expected_version, to)
    told: dict[str, Any] = {"state": to} | ({"replaced": str(replaced.id)} if replaced is not None else {})
    await db.audit.record(
        "admin.themes.change_state",
        actor=principal.user_id,
        target=former.id,
        before={"state": former.state},
        after=told,
    )
    return row_view(theme)


async def _found(db: Repositories, theme_id: UUID) -> Any:
    theme = await db.themes.find(theme_id)
    if theme is None:
        raise not_found("theme")
    return theme
