"""Frequently asked questions."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from domain.content.categories import Shelf
from domain.wire import content as wire

MOST = 1_000


def groups_view(shelf: Shelf, rows: Iterable[Any]) -> list[wire.FaqGroup]:
    """A group without questions is one, too."""
    items: dict[UUID, list[wire.FaqItem]] = defaultdict(list)
    for row in rows:
        for category_id in row.category_ids:
            items[category_id].append({"question": row.title, "answer": row.html})
    return [{"slug": group.slug, "name": group.name, "items": items[group.id]} for group in shelf.rows]
