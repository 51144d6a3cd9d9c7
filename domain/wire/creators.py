"""Generated from the contract by `make spec`."""

from typing import TypedDict


class SocialAccount(TypedDict):
    platform: str
    platformUsername: str | None
    verified: bool
    connectedAt: str
