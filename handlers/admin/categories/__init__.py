"""The categories that creators can have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.admin.content.categories import in_use
from domain.admin.creators.categories import as_written, categories_view, wanted
from domain.errors import moved_on

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Principal, Repositories


async def get(db: Repositories) -> wire.DiscoverCategories:
    return categories_view(await db.discover_categories.version(), await db.discover_categories.all())


async def set(  # noqa: A001
    body: wire.SetDiscoverCategoriesRequest, expected_version: int, principal: Principal, db: Repositories
) -> wire.DiscoverCategories:
    categories = wanted(body)
    if not await db.discover_categories.move_on(expected_version):
        raise moved_on(await db.discover_categories.version())
    former = await db.discover_categories.hold_all()
    gone = {row.slug for row in former} - {category["slug"] for category in categories}
    used = await db.discover_categories.first_in_use(gone) if gone else None
    if used is not None:
        raise in_use(used)
    await db.discover_categories.replace(categories)
    after = await db.discover_categories.all()
    await db.audit.record(
        "admin.categories.set",
        actor=principal.user_id,
        before=as_written(former),
        after=as_written(after),
        reason=body["reason"],
    )
    return categories_view(expected_version + 1, after)
