"""Languages, as staff manages them."""

from collections.abc import Mapping
from typing import Any

from domain.errors import ApiError
from domain.presenting import presented
from domain.wire import admin as wire

COLUMNS = {
    "name": "name",
    "nativeName": "native_name",
    "isRtl": "is_rtl",
    "isDefault": "is_default",
    "active": "active",
    "sortOrder": "sort_order",
}


def language_columns(body: wire.SetLanguageRequest) -> dict[str, Any]:
    given: Mapping[str, Any] = {**body}
    return {column: given[field] for field, column in COLUMNS.items()}


def as_written(row: Any) -> dict[str, Any]:
    """As the audit log tells it."""
    return {field: getattr(row, column) for field, column in COLUMNS.items()}


def require_default(columns: Mapping[str, Any], *, is_default: bool) -> None:
    """One language is the default, and it is active. Raises ApiError admin.language.default."""
    if (columns["is_default"] or is_default) and not (columns["is_default"] and columns["active"]):
        raise ApiError("admin.language.default")


def language_view(row: Any) -> wire.StoredLanguage:
    coverage = row.translated * 1000 // row.texts / 10 if row.texts else 0.0
    return presented(wire.StoredLanguage, row, coverage=min(coverage, 100.0))
