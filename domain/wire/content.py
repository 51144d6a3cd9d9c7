"""Generated from the contract by `make spec`."""

from typing import Literal, NotRequired, TypeAlias, TypedDict


class ContactRequest(TypedDict):
    name: NotRequired[str]
    email: str
    subject: str
    message: str


class CookieConsentRequest(TypedDict):
    analytics: bool
    marketing: bool
    functional: bool


class CookieConsentStatus(TypedDict):
    currentVersion: str
    userVersion: str | None
    requiresReConsent: bool


CookieCategoryId: TypeAlias = Literal["essential", "functional", "analytics", "marketing"]


class CookieText(TypedDict):
    en: str
    tr: str


class CookieCategory(TypedDict):
    id: CookieCategoryId
    required: bool
    name: CookieText
    description: CookieText


class CookiePolicy(TypedDict):
    categories: list[CookieCategory]
