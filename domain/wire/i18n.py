"""Generated from the contract by `make spec`."""

from typing import TypedDict


class Language(TypedDict):
    code: str
    name: str
    nativeName: str
    isRtl: bool
    isDefault: bool


class Locales(TypedDict):
    locales: list[Language]
    versions: dict[str, int]
