"""Articles of the help center and their categories."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from domain.answers.pages import Page
from domain.content.categories import Shelf
from domain.content.publishing import folded
from domain.presenting import presented
from domain.wire import content as wire

FEATURED = "true"
SEARCHED = 5_000
"""So many of the newest articles are searched: there is no index for what stands anywhere in a text."""


def sought(search: str | None) -> str | None:
    """What is looked for in folded texts; None when there is nothing to look for."""
    return folded(search) or None if search is not None else None


def article_view(row: Any, shelf: Shelf) -> wire.HelpArticle:
    told = {"content": row.html, "readTimeMinutes": row.minutes, "category": shelf.name(row.category_ids)}
    return presented(wire.HelpArticle, row, **told)


def articles_view(rows: Iterable[Any], shelf: Shelf, page: Page, total: int) -> wire.HelpArticles:
    return {"items": [_summary(row, shelf) for row in rows], **page.numbers(total)}


def _summary(row: Any, shelf: Shelf) -> wire.HelpArticleSummary:
    category = shelf.name(row.category_ids)
    told = {"readTimeMinutes": row.minutes, "isFeatured": row.featured, "category": category}
    return presented(wire.HelpArticleSummary, row, **told)


def category_view(row: Any, articles: Mapping[UUID, int]) -> wire.HelpCategory:
    return presented(wire.HelpCategory, row, articleCount=articles.get(row.id, 0))
