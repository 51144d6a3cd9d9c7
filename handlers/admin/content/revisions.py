"""What was written before."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin import not_found
from domain.admin.content.texts import compared_view, revision_view

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from domain.wire import common
    from handlers.needs import Clock, Repositories, Walk


async def list(  # noqa: A001
    kind: common.ContentKind,
    id: str,  # noqa: A002
    db: Repositories,
    walk: Walk,
    clock: Clock,
) -> wire.ContentRevisions:
    entry_id = UUID(id)
    if await db.content_texts.find(kind, entry_id, clock()) is None:
        raise not_found("text")
    rows = await db.content_texts.revisions(entry_id, walk.after(int), walk.rows)
    shown, further = walk.page(rows, lambda revision: (revision.number,))
    return {"items": [revision_view(row) for row in shown], "nextCursor": further}


async def get(
    kind: common.ContentKind,
    id: str,  # noqa: A002
    number: str,
    db: Repositories,
    clock: Clock,
    against: int | None = None,
) -> wire.ContentRevisionInFull:
    entry_id = UUID(id)
    if await db.content_texts.find(kind, entry_id, clock()) is None:
        raise not_found("text")
    revision = await db.content_texts.revision(entry_id, int(number))
    other = await db.content_texts.revision(entry_id, int(number) - 1 if against is None else against)
    if revision is None or (against is not None and other is None):
        raise not_found("revision")
    return await asyncio.to_thread(compared_view, kind, revision, other)
