"""Generated from the contract by `make spec`."""

from typing import TypedDict


class PlatformStats(TypedDict):
    totalCreators: int
    totalMessagesSent: int
    totalEarned: str
    cachedAt: str
