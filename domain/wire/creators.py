"""Generated from the contract by `make spec`."""

from typing import NotRequired, TypedDict


class SocialAccount(TypedDict):
    platform: str
    platformUsername: str | None
    verified: bool
    connectedAt: str


class Vacation(TypedDict):
    vacationMode: bool
    vacationStart: str | None
    vacationEnd: str | None


class SetVacationRequest(TypedDict):
    enabled: bool
    startDate: NotRequired[str]
    endDate: NotRequired[str]
