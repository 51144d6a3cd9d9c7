"""How lists of creators may be sorted, the first one first."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.answers.cursors import Walk


@dataclass(frozen=True, slots=True)
class Order:
    """``columns`` from the largest value on, each with its kind; the last one is unique."""

    columns: tuple[str, ...]
    kinds: tuple[type, ...]

    def keys(self, row: Any) -> tuple[Any, ...]:
        return tuple(getattr(row, column) for column in self.columns)

    def after(self, walk: Walk) -> tuple[Any, ...] | None:
        kinds: Any = self.kinds
        return walk.after(*kinds)


ORDERS = {
    "recent": Order(("updated_at", "creator_id"), (datetime, UUID)),
    "popular": Order(("total_messages", "total_followers", "creator_id"), (int, int, UUID)),
    "rating": Order(("avg_rating", "rating_count", "creator_id"), (Decimal, int, UUID)),
}
