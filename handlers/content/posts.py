"""The blog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.answers.pages import Page
from domain.answers.prepared import Made
from domain.content.categories import MOST, Shelf
from domain.content.lists import Wanted
from domain.content.posts import post_view, posts_view
from domain.errors import ApiError

if TYPE_CHECKING:
    from datetime import datetime

    from domain.answers.prepared import Prepared
    from domain.wire import content as wire
    from handlers.needs import Editions, Prepare, Repositories


async def list(  # noqa: A001
    page: int, limit: int, editions: Editions, prepare: Prepare, category: str | None = None
) -> Prepared[wire.BlogPosts]:
    asked = Page(page, limit)
    return await editions.get("blog", (asked, category), prepare, lambda db, now: _page(db, now, asked, category))


async def find(slug: str, editions: Editions, prepare: Prepare) -> Prepared[wire.BlogPost]:
    return await editions.get("blog", slug, prepare, lambda db, now: _one(db, now, slug))


async def _page(db: Repositories, now: datetime, page: Page, category: str | None) -> Made[wire.BlogPosts]:
    shelf = Shelf(await db.categories.active("blog", MOST))
    wanted = shelf.narrowed(Wanted("post"), category)
    total = await db.publications.count(wanted, now)
    rows = await db.publications.list(wanted, now, page.limit, page.offset)
    return Made(posts_view(rows, shelf, page, total), await db.publications.next_change("post", now))


async def _one(db: Repositories, now: datetime, slug: str) -> Made[wire.BlogPost]:
    row = await db.publications.find("post", slug, now)
    if row is None:
        raise ApiError("content.post.not_found")
    shelf = Shelf(await db.categories.active("blog", MOST))
    return Made(post_view(row, shelf), await db.publications.next_change("post", now, slug))
