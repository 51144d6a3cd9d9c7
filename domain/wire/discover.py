"""Generated from the contract by `make spec`."""

from typing import Literal, TypedDict

from domain.wire import common


class CreatorCard(TypedDict):
    id: str
    userId: str
    username: str
    displayName: str | None
    avatarUrl: str | None
    bio: str
    level: common.CreatorLevel
    dmType: common.CreatorDmType
    dmPrice: str | None
    dmActive: bool
    avgRating: str | None
    ratingCount: int
    totalFollowers: int
    platforms: list[str]
    categories: list[str]


class CreatorPage(TypedDict):
    creators: list[CreatorCard]
    nextCursor: str | None


class Creators(TypedDict):
    creators: list[CreatorCard]


class HistoryCleared(TypedDict):
    deleted: int


class ViewRecorded(TypedDict):
    recorded: Literal[True]
