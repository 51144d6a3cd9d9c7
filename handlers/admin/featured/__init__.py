"""Creators whom the staff features."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin import not_found
from domain.admin.creators import as_written, entry_columns, entry_view, require_window
from domain.errors import ApiError, moved_on

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Principal, Repositories, Walk


async def list(db: Repositories, walk: Walk) -> wire.FeaturedEntries:  # noqa: A001
    rows = await db.featured.page(walk.after(int, UUID), walk.rows)
    shown, further = walk.page(rows, lambda entry: (entry.position, entry.id))
    return {"items": [entry_view(entry) for entry in shown], "nextCursor": further}


async def add(body: wire.FeatureCreatorRequest, principal: Principal, db: Repositories) -> wire.FeaturedEntry:
    columns = entry_columns(body)
    require_window(columns)
    creator_id = UUID(body["creatorId"])
    standing = await db.admin_creators.is_unrestricted(creator_id)
    if standing is None:
        raise not_found("creator")
    if not standing:
        raise ApiError("admin.featured.restricted")
    entry_id = await db.featured.add(creator_id, columns)
    if entry_id is None:
        raise ApiError("admin.featured.already")
    told = as_written(columns) | {"creator": str(creator_id)}
    await db.audit.record("admin.featured.add", actor=principal.user_id, target=entry_id, after=told)
    return await _view(db, entry_id)


async def remove(id: str, expected_version: int, principal: Principal, db: Repositories) -> None:  # noqa: A002
    entry = await db.featured.hold(UUID(id))
    if entry is None:
        raise not_found("entry")
    if entry.version != expected_version:
        raise moved_on(entry.version)
    await db.featured.remove(entry.id)
    told = {"creator": str(entry.creator_id), "position": entry.position}
    await db.audit.record("admin.featured.remove", actor=principal.user_id, target=entry.id, before=told)


async def update(
    id: str,  # noqa: A002
    body: wire.UpdateFeaturedRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
) -> wire.FeaturedEntry:
    former = await db.featured.hold(UUID(id))
    if former is None:
        raise not_found("entry")
    if former.version != expected_version:
        raise moved_on(former.version)
    columns = entry_columns(body)
    present = {name: getattr(former, name) for name in ("position", "starts_at", "ends_at")}
    require_window(present | columns)
    await db.featured.change(former.id, columns)
    before = as_written({name: present[name] for name in columns})
    await db.audit.record(
        "admin.featured.update", actor=principal.user_id, target=former.id, before=before, after=as_written(columns)
    )
    return await _view(db, former.id)


async def _view(db: Repositories, entry_id: UUID) -> wire.FeaturedEntry:
    entry = await db.featured.find(entry_id)
    if entry is None:
        raise not_found("entry")
    return entry_view(entry)
