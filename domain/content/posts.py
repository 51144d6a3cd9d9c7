"""Posts of the blog."""

from collections.abc import Iterable
from typing import Any

from domain.answers.pages import Page
from domain.content.categories import Shelf
from domain.presenting import presented
from domain.wire import content as wire


def post_view(row: Any, shelf: Shelf) -> wire.BlogPost:
    told = {"content": row.html, "featuredImage": row.image, "categories": shelf.names(row.category_ids)}
    return presented(wire.BlogPost, row, **told)


def posts_view(rows: Iterable[Any], shelf: Shelf, page: Page, total: int) -> wire.BlogPosts:
    return {"items": [_summary(row, shelf) for row in rows], **page.numbers(total)}


def _summary(row: Any, shelf: Shelf) -> wire.BlogPostSummary:
    told = {"featuredImage": row.image, "categories": shelf.names(row.category_ids)}
    return presented(wire.BlogPostSummary, row, **told)
