"""Accounts: what one is, what a caller sees of it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args
from uuid import UUID

from domain.clock import timestamp
from domain.keys import DigestsOf, Purpose
from domain.presenting import presented
from domain.texts import something
from domain.wire import auth, common
from domain.wire import users as wire

STATUSES: tuple[str, ...] = get_args(common.UserStatus)
REFERRAL_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
REFERRAL_LENGTH = 8


# Tuples where one is made at every call: a frozen dataclass takes five times as long to make.
class Identity(NamedTuple):
    """Who a session belongs to, as far as every call needs it."""

    id: UUID
    email: str
    username: str | None
    display_name: str | None
    avatar_url: str | None
    status: common.UserStatus
    email_verified: bool
    two_factor_enabled: bool


@dataclass(frozen=True, slots=True)
class Return:
    """What a reactivation token leads to. ``live`` while it would be taken."""

    live: bool
    email: str
    status: str
    deletion_at: datetime | None


class Client(NamedTuple):
    """Where a call comes from. ``ip`` and ``cdn_country`` were believed only from trusted proxies.

    ``network`` is the address prefix that counters and traces use: IPv4 whole for counting, IPv6 by /64.
    """

    ip: str | None
    network: str
    user_agent: str | None
    cdn_country: str | None
    locale: str


@dataclass(frozen=True, slots=True)
class Trace:
    """What leads from a record back to the call that made it. ``network`` is coarse: /24 or /48.

    ``traceparent`` names the span of that call where requests are traced (W3C Trace Context). ``role``: the roles by
    which somebody of the staff called, by comma.
    """

    correlation_id: str | None = None
    network: str | None = None
    traceparent: str | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Referrer:
    """Who recommended us, by which code; ``creator_id`` when that person is a creator."""

    user_id: UUID
    code: str
    creator_id: UUID | None


@dataclass(frozen=True, slots=True)
class Origin:
    """What is remembered of the place an account was opened from."""

    device: str | None
    country: str | None
    referrer: Referrer | None


TOMBSTONE = "deleted_{}@deleted.bio.re"


def tombstones_of(email: str, digests: DigestsOf) -> list[str]:
    """The addresses that an erased account may have left behind, so that its former owner is recognised.

    The one to leave now is the first; the last is what former releases left, a hash without a key.
    """
    plain = hashlib.sha256(email.encode()).hexdigest()
    return [*keyed_tombstones(plain, digests), TOMBSTONE.format(plain)]


def keyed_tombstones(plain: str, digests: DigestsOf) -> list[str]:
    """Of the hash of former releases, so that what they left can get a key although the address is forgotten."""
    return [TOMBSTONE.format(digest.text) for digest in digests(Purpose.TOMBSTONE, plain)]


def new_user(body: Mapping[str, Any], password_hash: str | None, locale: str, origin: Origin) -> dict[str, Any]:
    """The columns of a new account from the registration of a person."""
    referrer = origin.referrer
    return {
        "email": body["email"],
        "password_hash": password_hash,
        "username": body.get("username"),
        "display_name": something(body.get("displayName")),
        "intent": body.get("intent"),
        "locale": locale,
        "referred_by": referrer and referrer.user_id,
        "referred_by_code": referrer and referrer.code,
        "acquired_via_creator_id": referrer and referrer.creator_id,
        "registration_device": origin.device,
        "registration_country": origin.country,
        "first_referrer_url": body.get("firstReferrerUrl"),
        "first_landing_page": body.get("firstLandingPage"),
        "utm_source": body.get("utmSource"),
        "utm_medium": body.get("utmMedium"),
        "utm_campaign": body.get("utmCampaign"),
        "utm_term": body.get("utmTerm"),
        "utm_content": body.get("utmContent"),
    }


def referral_code(random: Sequence[int]) -> str:
    """A code of letters and digits that cannot be mistaken for one another, from as many random bytes."""
    return "".join(REFERRAL_ALPHABET[byte % len(REFERRAL_ALPHABET)] for byte in random[:REFERRAL_LENGTH])


def identity_view(user: Identity) -> auth.UserIdentity:
    return {
        "id": str(user.id),
        "email": user.email,
        "username": user.username,
        "displayName": user.display_name,
        "avatarUrl": user.avatar_url,
        "status": user.status,
        "emailVerified": user.email_verified,
    }


def moment(at: datetime) -> str:
    """As mails tell it."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def profile_view(user: Any, is_creator: bool, accounts: Sequence[Any]) -> wire.UserProfile:
    """The whole account, with attribution as captured at registration. Only here platforms stand in upper case."""
    told = [presented(wire.ProfileSocialAccount, account, platform=account.platform.upper()) for account in accounts]
    return presented(wire.UserProfile, user, isCreator=is_creator, socialAccounts=told)


PROFILE_COLUMNS = {"displayName": "display_name", "bio": "bio", "avatarUrl": "avatar_url"}


def profile_columns(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a sparse change of the profile sets; a text of which nothing can be seen is none."""
    return {PROFILE_COLUMNS[name]: something(value) for name, value in body.items()}


def updated_profile_view(user: Any) -> wire.UpdatedProfile:
    return presented(wire.UpdatedProfile, user)


def attribution_view(user: Any) -> wire.UserAttribution:
    """Where the account came from, as captured when it was opened."""
    return presented(wire.UserAttribution, user)


def reactivation_view(found: Return | None) -> auth.Reactivation:
    """An unknown token looks like an expired one."""
    status = _return_status(found)
    return {
        "valid": status in ("paused", "pending-deletion"),
        "status": status,
        "userMaskEmail": mask_email(found.email) if found and status != "deleted" else None,
        "deletionDate": timestamp(found.deletion_at) if found and status == "pending-deletion" else None,
    }


def _return_status(found: Return | None) -> Literal["paused", "pending-deletion", "expired", "deleted"]:
    if found is not None and found.status == "DELETED":
        return "deleted"
    if found is None or not found.live or found.status != "DEACTIVATED":
        return "expired"
    return "pending-deletion" if found.deletion_at else "paused"


def mask_email(email: str) -> str:
    """``u***@b***.re``: enough to recognise one's own address."""
    local, _, domain = email.partition("@")
    name, _, top = domain.rpartition(".")
    return f"{local[:1]}***@{name[:1]}***.{top}"


class Principal(NamedTuple):
    """Whose live session the access token names. ``user`` is None when the account is gone.

    ``confirmed_at``: when the bearer last proved who they are. ``creator_id``: of the account's creator profile.
    ``permissions`` and ``roles``: as one of the staff, asked for in scope ``admin`` alone; empty for who is none.
    """

    user_id: UUID
    session_id: UUID
    user: Identity | None
    confirmed_at: datetime | None
    creator_id: UUID | None = None
    permissions: frozenset[str] = frozenset()
    roles: tuple[str, ...] = ()
