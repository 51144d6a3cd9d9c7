"""Generated from the contract by `make spec`."""

from typing import Literal, NotRequired, TypedDict


class SocialAccount(TypedDict):
    platform: str
    platformUsername: str | None
    verified: bool
    connectedAt: str


class TrackClickRequest(TypedDict):
    linkId: str
    visitorId: NotRequired[str]


class Tracked(TypedDict):
    tracked: Literal[True]


class TrackViewRequest(TypedDict):
    visitorId: NotRequired[str]
    referrer: NotRequired[str]


class Vacation(TypedDict):
    vacationMode: bool
    vacationStart: str | None
    vacationEnd: str | None


class SetVacationRequest(TypedDict):
    enabled: bool
    startDate: NotRequired[str]
    endDate: NotRequired[str]
