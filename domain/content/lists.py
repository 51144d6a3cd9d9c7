"""Lists that are read by the number of a page."""

from typing import NamedTuple, TypedDict
from uuid import UUID


class Numbers(TypedDict):
    """What such a list tells beside its items."""

    total: int
    page: int
    limit: int
    totalPages: int


class Page(NamedTuple):
    number: int
    limit: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.limit

    def numbers(self, total: int) -> Numbers:
        pages = -(-total // self.limit)
        return {"total": total, "page": self.number, "limit": self.limit, "totalPages": pages}


class Wanted(NamedTuple):
    """Which of one kind are listed: all that no part narrows. ``folded`` is looked for in the ``newest`` of them."""

    kind: str
    locale: str | None = None
    category_id: UUID | None = None
    featured: bool = False
    folded: str | None = None
    newest: int | None = None
