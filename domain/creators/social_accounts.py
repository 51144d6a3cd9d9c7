"""Accounts that creators connect: what a client hands in, what a platform tells, when it is asked again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from domain.config_keys import Config, IntKey, UrlsKey
from domain.errors import ApiError

REDIRECT_URIS = UrlsKey(
    "creator.social_redirect_uris", [], "redirect URIs at which creators may come back from a platform, each in full"
)
REFRESH_HOURS = IntKey(
    "creator.social_refresh_hours", 24, "hours between two readings of the followers of a connected account", 1, 168
)
# Who is claimed by a worker is anybody's again after this time: more than all questions to one platform take.
LEASE = timedelta(minutes=10)
# After a platform could not tell.
AGAIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SocialGrant:
    """What a client brings back from a platform, to be traded once."""

    code: str = field(repr=False)
    redirect_uri: str
    code_verifier: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SocialTokens:
    """``expires_at`` is that of ``access``; None where the platform told none."""

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None

    def last_until(self, moment: datetime) -> bool:
        return self.expires_at is None or self.expires_at > moment

    def renewed_by(self, newer: "SocialTokens") -> "SocialTokens":
        """A platform that gives no other refresh token takes the former one again."""
        return newer if newer.refresh else replace(newer, refresh=self.refresh)


@dataclass(frozen=True, slots=True)
class SocialProfile:
    """Who somebody is at a platform. ``followers`` is None where it does not tell."""

    subject: str
    username: str | None
    followers: int | None


@dataclass(frozen=True, slots=True)
class Sealed:
    """Tokens as they are stored."""

    access: bytes = field(repr=False)
    refresh: bytes | None = field(repr=False)
    expires_at: datetime | None

    @property
    def columns(self) -> dict[str, Any]:
        return {"access_token": self.access, "refresh_token": self.refresh, "token_expires_at": self.expires_at}


class Untold(Enum):
    """Why a platform told nothing: it takes the tokens no more, or it cannot tell now."""

    REFUSED = auto()
    NOT_NOW = auto()


@dataclass(frozen=True, slots=True)
class SocialConnection:
    """An account of a platform, as it is recorded."""

    platform: str
    profile: SocialProfile
    tokens: Sealed


def grant_of(body: Mapping[str, Any], platforms: Mapping[str, bool], allowed: Collection[str]) -> SocialGrant:
    """``platforms``: those that can be connected, and whether their codes need a verifier.

    Raises ApiError creator.social.unsupported_platform, creator.social.redirect_not_allowed or validation.failed.
    """
    if body["platform"] not in platforms:
        raise ApiError("creator.social.unsupported_platform")
    if body["redirectUri"] not in allowed:
        raise ApiError("creator.social.redirect_not_allowed")
    if platforms[body["platform"]] and "codeVerifier" not in body:
        raise ApiError("validation.failed", details=[{"field": "codeVerifier", "rule": "required"}])
    return SocialGrant(body["code"], body["redirectUri"], body.get("codeVerifier"))


def next_reading(now: datetime, config: Config) -> datetime:
    return now + timedelta(hours=config[REFRESH_HOURS])
