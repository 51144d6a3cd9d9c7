"""Generated from the contract by `make spec`."""

from typing import Any, TypedDict


class ActiveTheme(TypedDict):
    preset: dict[str, Any] | None


class PublicTheme(TypedDict):
    id: str
    name: str
    slug: str
    lightTokens: dict[str, str]
    darkTokens: dict[str, str]
    typography: dict[str, str]


class PublicThemes(TypedDict):
    themes: list[PublicTheme]
