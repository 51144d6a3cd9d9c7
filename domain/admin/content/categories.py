"""Categories of the blog, the help center and the FAQ, as staff arranges them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from domain.admin import not_found
from domain.errors import ApiError
from domain.presenting import presented
from domain.wire import admin as wire

COLUMNS: Mapping[str, str] = {
    "slug": "slug",
    "locale": "locale",
    "name": "name",
    "description": "description",
    "icon": "icon",
    "iconBackground": "icon_background",
    "active": "active",
}


def wanted(body: wire.SetContentCategoriesRequest) -> list[tuple[UUID | None, dict[str, Any]]]:
    """Id and columns of each. Raises ApiError for an id or a slug that two have."""
    items: Sequence[Mapping[str, Any]] = body["items"]
    ids = [item["id"] for item in items if "id" in item]
    if len(set(ids)) < len(ids):
        raise not_found("category")  # what the second one means is another one by then
    if len({item["slug"] for item in items}) < len(items):
        raise ApiError("admin.content.slug_taken")
    return [
        (UUID(item["id"]) if "id" in item else None, {column: item.get(name) for name, column in COLUMNS.items()})
        for item in items
    ]


def in_use(slug: str) -> ApiError:
    return ApiError("admin.category.in_use", slug=slug)


def categories_view(kind: wire.ContentSection, version: int, rows: Sequence[Any]) -> wire.ContentCategories:
    return {"kind": kind, "version": version, "items": [presented(wire.EditedCategory, row) for row in rows]}


def as_written(rows: Sequence[Any]) -> dict[str, Any]:
    """A list as an audit entry tells it."""
    return {"items": [dict(presented(wire.EditedCategory, row)) for row in rows]}
