"""Announcements to everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.answers.prepared import Made
from domain.content.announcements import announcement_view

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from domain.answers.prepared import Prepared
    from domain.wire import content as wire
    from handlers.needs import Editions, Prepare, Repositories


async def list(  # noqa: A001
    editions: Editions, prepare: Prepare, max_items: int
) -> Prepared[Sequence[wire.PublicAnnouncement]]:
    return await editions.get("announcements", None, prepare, lambda db, now: _shown(db, now, max_items))


async def _shown(db: Repositories, now: datetime, limit: int) -> Made[Sequence[wire.PublicAnnouncement]]:
    rows = await db.publications.announcements(now, limit)
    return Made([announcement_view(row) for row in rows], await db.publications.next_change("announcement", now))
