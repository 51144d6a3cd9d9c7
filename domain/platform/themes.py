"""Themes of the front ends: their states, and their tokens as lists of names and values, which rows hold as objects."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from domain.errors import ApiError, moved_on, transition_invalid
from domain.presenting import presented
from domain.wire import admin as wire
from domain.wire import common
from domain.wire import themes as public

EDITION = "themes"
TARGETS: frozenset[str] = frozenset(get_args(common.ThemeTarget))
DRAFT, PUBLISHED, ACTIVE, ARCHIVED = "DRAFT", "PUBLISHED", "ACTIVE", "ARCHIVED"
BEFORE: Mapping[str, frozenset[str]] = {
    PUBLISHED: frozenset({DRAFT, ACTIVE, ARCHIVED}),
    ACTIVE: frozenset({PUBLISHED}),
    ARCHIVED: frozenset({DRAFT, PUBLISHED}),
}
"""From which states a theme may come into another one."""
LISTS = {
    "lightTokens": ("light_tokens", "value"),
    "darkTokens": ("dark_tokens", "value"),
    "typography": ("typography", "value"),
    "layout": ("layout", "value"),
    "assets": ("assets", "url"),
}
"""By field: the column, and what an entry has beside its name."""
PLAIN = ("name", "slug", "target", "description", "thumbnail")
WRITTEN = (*PLAIN, *(column for column, _ in LISTS.values()))


def theme_columns(body: Mapping[str, Any]) -> dict[str, Any]:
    """Of the given fields. Raises ApiError admin.theme.name_twice with each entry that has the name of another."""
    if found := [fault for field in LISTS for fault in repeated_names(field, body.get(field, ()))]:
        raise ApiError("admin.theme.name_twice", details=found)
    lists = {
        column: {entry["name"]: entry[of] for entry in body[field]}
        for field, (column, of) in LISTS.items()
        if field in body
    }
    return {name: body[name] for name in PLAIN if name in body} | lists


def repeated_names(field: str, entries: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    seen = Counter[str]()
    for place, entry in enumerate(entries):
        seen[entry["name"]] += 1
        if seen[entry["name"]] > 1:
            yield {"field": f"{field}.{place}.name", "rule": "duplicate"}


def refused(theme: Any, version: int, to: str) -> ApiError:
    """Why a theme did not come into a state."""
    return moved_on(theme.version) if theme.version != version else transition_invalid(theme.state, to)


def as_written(theme: Any) -> dict[str, Any]:
    """As an audit entry tells it."""
    return {name: getattr(theme, name) for name in WRITTEN}


def row_view(theme: Any) -> wire.ThemeRow:
    return presented(wire.ThemeRow, theme)


def theme_view(theme: Any) -> wire.Theme:
    lists = {
        field: [{"name": name, of: value} for name, value in sorted(getattr(theme, column).items())]
        for field, (column, of) in LISTS.items()
    }
    return presented(wire.Theme, theme, **lists)


def active_view(theme: Any) -> public.ActiveTheme:
    """None for a target without an active theme."""
    if theme is None:
        return {"preset": None}
    shown = presented(wire.Theme, theme, **{field: getattr(theme, column) for field, (column, _) in LISTS.items()})
    told = ("id", "name", "slug", "target", *LISTS, "publishedAt")
    return {"preset": {name: value for name, value in shown.items() if name in told}}


def public_view(themes: Sequence[Any]) -> public.PublicThemes:
    return {"themes": [presented(public.PublicTheme, theme) for theme in themes]}


def known_target(target: str) -> str | None:
    """None for one that nothing is for."""
    return target if target in TARGETS else None
