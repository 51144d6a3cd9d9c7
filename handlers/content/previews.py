"""Drafts that staff shows by a link."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from domain.content.previews import preview_view
from domain.errors import ApiError

if TYPE_CHECKING:
    from domain.wire import content as wire
    from handlers.needs import Previews, Repositories


async def find(token: str, db: Repositories, previews: Previews) -> wire.ContentPreview:
    shown = previews.verify(token)
    revision = await db.content_previews.find(*shown) if shown is not None else None
    if revision is None:
        raise ApiError("content.preview.not_found")
    return await asyncio.to_thread(preview_view, revision)
