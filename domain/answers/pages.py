"""Lists that are read by the number of a page."""

from typing import NamedTuple, TypedDict


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
