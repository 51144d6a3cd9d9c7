"""Creators, as the staff sees and arranges them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin import not_found
from domain.admin.creators import Filters, creator_view, profile_columns
from domain.admin.creators.categories import require_offered
from domain.admin.users import search_of
from domain.errors import moved_on

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Principal, Repositories, Walk


async def list(  # noqa: A001
    walk: Walk,
    db: Repositories,
    q: str | None,
    level: str | None,
    kyc_status: str | None,
    creator_status: str | None,
    category: str | None,
    excluded: bool | None,
) -> wire.CreatorsForStaff:
    filters = Filters(search_of(q), level, kyc_status, creator_status, category, excluded)
    rows = await db.admin_creators.page(filters, walk.after(datetime, UUID), walk.rows)
    shown, further = walk.page(rows, lambda row: (row.created_at, row.id))
    return {"items": [creator_view(row) for row in shown], "nextCursor": further}


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
    categories = body.get("categories")
    given = {*(categories or ())} - {*before}
    if given:
        require_offered(given, await db.discover_categories.offered(given))
    columns = profile_columns(body)
    await db.bio_pages.hold(creator_id)
    await db.admin_creators.change(creator_id, columns)
    if categories is not None:
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
