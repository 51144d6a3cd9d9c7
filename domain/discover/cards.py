"""Creators as lists show them."""

from collections.abc import Mapping
from typing import Any

from domain.presenting import presented
from domain.wire import discover as wire


def card_view(row: Any) -> wire.CreatorCard:
    """``row`` has ``card``, as ``entries.kept_card`` made it, and the columns of what changes without the creator."""
    kept: Mapping[str, Any] = row.card
    rating = str(row.avg_rating) if row.rating_count else None
    return presented(wire.CreatorCard, row, **kept, avgRating=rating)
