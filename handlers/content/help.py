"""What the help center is divided into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.answers.prepared import Made
from domain.content.articles import category_view

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from domain.answers.prepared import Prepared
    from domain.wire import content as wire
    from handlers.needs import Editions, Prepare, Repositories


async def categories(
    locale: str, editions: Editions, prepare: Prepare, max_items: int
) -> Prepared[Sequence[wire.HelpCategory]]:
    key = ("categories", locale)
    return await editions.get("help", key, prepare, lambda db, now: _categories(db, now, locale, max_items))


async def _categories(db: Repositories, now: datetime, locale: str, limit: int) -> Made[Sequence[wire.HelpCategory]]:
    rows = await db.categories.active("help", limit, locale)
    articles = await db.publications.per_category("article", locale, now)
    return Made([category_view(row, articles) for row in rows], await db.publications.next_change("article", now))
