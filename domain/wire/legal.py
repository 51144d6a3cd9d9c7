"""Generated from the contract by `make spec`."""

from typing import TypedDict


class LegalDocument(TypedDict):
    content: str
    lastUpdated: str | None
    version: str | None
    locale: str | None
