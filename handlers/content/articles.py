"""Articles of the help center."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.answers.pages import Page
from domain.answers.prepared import Made
from domain.content.articles import FEATURED, SEARCHED, article_view, articles_view, sought
from domain.content.categories import MOST, Shelf
from domain.content.lists import Wanted
from domain.errors import ApiError

if TYPE_CHECKING:
    from datetime import datetime

    from domain.answers.prepared import Prepared
    from domain.wire import content as wire
    from handlers.needs import Editions, Prepare, Repositories


async def list(  # noqa: A001
    page: int,
    limit: int,
    locale: str,
    editions: Editions,
    prepare: Prepare,
    category: str | None = None,
    search: str | None = None,
    featured: str | None = None,
) -> Prepared[wire.HelpArticles]:
    asked = Page(page, limit)
    wanted = Wanted("article", locale, featured=featured == FEATURED, folded=sought(search), newest=SEARCHED)
    key = (asked, wanted, category)
    return await editions.get("help", key, prepare, lambda db, now: _page(db, now, asked, wanted, category))


async def find(slug: str, editions: Editions, prepare: Prepare) -> Prepared[wire.HelpArticle]:
    return await editions.get("help", slug, prepare, lambda db, now: _one(db, now, slug))


async def _page(
    db: Repositories, now: datetime, page: Page, wanted: Wanted, category: str | None
) -> Made[wire.HelpArticles]:
    shelf = Shelf(await db.categories.active("help", MOST))
    wanted = shelf.narrowed(wanted, category)
    total = await db.publications.count(wanted, now)
    rows = await db.publications.list(wanted, now, page.limit, page.offset)
    return Made(articles_view(rows, shelf, page, total), await db.publications.next_change("article", now))


async def _one(db: Repositories, now: datetime, slug: str) -> Made[wire.HelpArticle]:
    row = await db.publications.find("article", slug, now)
    if row is None:
        raise ApiError("content.article.not_found")
    shelf = Shelf(await db.categories.active("help", MOST))
    return Made(article_view(row, shelf), await db.publications.next_change("article", now, slug))
