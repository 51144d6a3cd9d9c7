"""Pages of the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.answers.prepared import Made
from domain.content.pages import page_view, summary_view
from domain.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from domain.answers.prepared import Prepared
    from domain.wire import content as wire
    from handlers.needs import Editions, Prepare, Repositories


async def list(  # noqa: A001
    editions: Editions, prepare: Prepare, max_items: int
) -> Prepared[Sequence[wire.SitePageSummary]]:
    return await editions.get("pages", None, prepare, lambda db, now: _all(db, now, max_items))


async def find(slug: str, locale: str, editions: Editions, prepare: Prepare) -> Prepared[wire.SitePage]:
    return await editions.get("pages", (slug, locale), prepare, lambda db, now: _one(db, now, slug, locale))


async def _all(db: Repositories, now: datetime, limit: int) -> Made[Sequence[wire.SitePageSummary]]:
    rows = await db.publications.pages(now, limit)
    return Made([summary_view(row) for row in rows], await db.publications.next_change("page", now))


async def _one(db: Repositories, now: datetime, slug: str, locale: str) -> Made[wire.SitePage]:
    row = await db.publications.find("page", slug, now, locale)
    if row is None:
        raise ApiError("content.page.not_found")
    return Made(page_view(row), await db.publications.next_change("page", now, slug))
