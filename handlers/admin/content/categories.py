"""Categories of the blog, the help center and the FAQ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.admin import not_found
from domain.admin.content.categories import as_written, categories_view, in_use, wanted
from domain.errors import moved_on

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Clock, Principal, Repositories


async def get(kind: wire.ContentSection, db: Repositories) -> wire.ContentCategories:
    return await _view(db, kind)


async def set(  # noqa: A001
    kind: wire.ContentSection,
    body: wire.SetContentCategoriesRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.ContentCategories:
    categories = wanted(body)
    if not await db.content_categories.move_on(kind, expected_version):
        raise moved_on(await db.content_categories.version(kind))
    await db.editions.move_on(kind)
    former = await db.content_categories.hold_all(kind)
    kept = {category_id for category_id, _ in categories if category_id is not None}
    if kept - {row.id for row in former}:
        raise not_found("category")
    gone = {row.id for row in former} - kept
    used = await db.content_categories.first_in_use(gone, clock()) if gone else None
    if used is not None:
        raise in_use(used)
    await db.content_categories.remove(gone)
    await db.content_categories.put(kind, categories)
    after = await db.content_categories.all(kind)
    await db.audit.record(
        "admin.content.categories.set",
        actor=principal.user_id,
        target=kind,
        before=as_written(former),
        after=as_written(after),
    )
    return await _view(db, kind)


async def _view(db: Repositories, kind: wire.ContentSection) -> wire.ContentCategories:
    return categories_view(kind, await db.content_categories.version(kind), await db.content_categories.all(kind))
