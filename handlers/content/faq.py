"""Frequently asked questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.answers.prepared import Made
from domain.content.categories import Shelf
from domain.content.faq import MOST, groups_view

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from domain.answers.prepared import Prepared
    from domain.wire import content as wire
    from handlers.needs import Editions, Prepare, Repositories


async def list(  # noqa: A001
    locale: str, editions: Editions, prepare: Prepare, max_items: int
) -> Prepared[Sequence[wire.FaqGroup]]:
    return await editions.get("faq", locale, prepare, lambda db, now: _groups(db, now, locale, max_items))


async def _groups(db: Repositories, now: datetime, locale: str, limit: int) -> Made[Sequence[wire.FaqGroup]]:
    shelf = Shelf(await db.categories.active("faq", limit, locale))
    rows = await db.publications.questions(locale, now, MOST)
    return Made(groups_view(shelf, rows), await db.publications.next_change("faq", now))
