"""The categories that creators can have, as staff arranges them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from domain.admin import require_each_once
from domain.errors import ApiError
from domain.presenting import presented
from domain.wire import admin as wire


def wanted(body: wire.SetDiscoverCategoriesRequest) -> list[dict[str, Any]]:
    """The columns of each. Raises ApiError admin.entry_twice with each whose slug another one before it has."""
    items: Sequence[Mapping[str, Any]] = body["items"]
    require_each_once(items, "slug")
    return [
        {"slug": item["slug"], "name": item["name"], "active": item["active"], "sort_order": item["sortOrder"]}
        for item in items
    ]


def require_offered(given: Collection[str], offered: Collection[str]) -> None:
    """Raises ApiError admin.category.unavailable with the first that is not."""
    missing = sorted(set(given) - set(offered))
    if missing:
        raise ApiError("admin.category.unavailable", slug=missing[0])


def categories_view(version: int, rows: Sequence[Any]) -> wire.DiscoverCategories:
    return {"version": version, "items": [presented(wire.DiscoverCategory, row) for row in rows]}


def as_written(rows: Sequence[Any]) -> dict[str, Any]:
    """A list as an audit entry tells it."""
    return {"items": [dict(presented(wire.DiscoverCategory, row)) for row in rows]}
