"""Categories of the blog and of the help center, as content names them."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from domain.content.lists import Wanted
from domain.presenting import presented
from domain.wire import content as wire

MOST = 200
"""Of one kind."""
NOWHERE = UUID(int=0)


class Shelf:
    """The active categories of one kind, in their order, as rows."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self.rows = list(rows)
        self._by_id: Mapping[UUID, Any] = {row.id: row for row in self.rows}

    def narrowed(self, wanted: Wanted, slug: str | None) -> Wanted:
        """To the category of that slug; to one in which there is nothing, when there is none of the name."""
        if slug is None:
            return wanted
        return wanted._replace(category_id=next((row.id for row in self.rows if row.slug == slug), NOWHERE))

    def names(self, ids: Iterable[UUID]) -> list[wire.CategoryName]:
        """Of those that are active, in the order of ``ids``."""
        return [presented(wire.CategoryName, self._by_id[one]) for one in ids if one in self._by_id]

    def name(self, ids: Iterable[UUID]) -> wire.ArticleCategory | None:
        """Of the first one."""
        return next((presented(wire.ArticleCategory, self._by_id[one]) for one in ids if one in self._by_id), None)
