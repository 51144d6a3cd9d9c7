"""Creators, as the staff sees and arranges them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin import not_found
from domain.admin.creators import creator_view, profile_columns
from domain.errors import moved_on

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Principal, Repositories


async def find(id: str, db: Repositories) -> wire.Creator:  # noqa: A002
    return await _view(db, UUID(id))


async def update(
    id: str,  # noqa: A002
    body: wire.UpdateCreatorRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
) -> wire.Creator:
    creator_id = UUID(id)
    former = await db.admin_creators.hold(creator_id)
    if former is None:
        raise not_found("creator")
    if former.admin_version != expected_version:
        raise moved_on(former.admin_version)
    before = await db.admin_creators.categories(creator_id)
    columns = profile_columns(body)
    await db.bio_pages.hold(creator_id)
    await db.admin_creators.change(creator_id, columns)
    if (categories := body.get("categories")) is not None:
        await db.admin_creators.set_categories(creator_id, categories)
    await db.bio_pages.changed(creator_id, by_owner=False)
    told = {name: getattr(former, name) for name in columns}
    await db.audit.record(
        "admin.creators.update",
        actor=principal.user_id,
        target=creator_id,
        before=told | ({"categories": before} if categories is not None else {}),
        after=columns | ({"categories": sorted(categories)} if categories is not None else {}),
        reason=body["reason"],
    )
    return await _view(db, creator_id)


async def _view(db: Repositories, creator_id: UUID) -> wire.Creator:
    row = await db.admin_creators.find(creator_id)
    if row is None:
        raise not_found("creator")
    return creator_view(row)
