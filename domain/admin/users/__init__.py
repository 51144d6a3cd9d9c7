"""Accounts as staff finds and views them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias
from uuid import UUID

from domain.admin import PII, not_found
from domain.admin.masking import masked_email, masked_phone
from domain.auth import RESETTABLE, VERIFIABLE
from domain.clock import timestamp
from domain.codes import clean_phone
from domain.email_address import normalize
from domain.errors import ApiError
from domain.presenting import presented
from domain.users import Principal
from domain.users.usernames import FORM
from domain.wire import admin as wire
from domain.wire import common

COUNTED_TO = 10_000
MOST_TOLD = 20
"""Of events, of restrictions and of cases."""
LONGEST_USERNAME = 100
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
HELD: frozenset[str] = frozenset({"ACTIVE", "SUSPENDED", "BANNED", "DEACTIVATED"})
"""Accounts that are somebody's: all but erased ones."""

Order: TypeAlias = Literal["-createdAt", "createdAt", "-lastLoginAt"]
Act: TypeAlias = Literal["VERIFY_EMAIL", "PASSWORD_RESET", "UNLOCK"]
# The states of an account in which an act helps its owner.
HELPED: Mapping[Act, frozenset[str]] = {"VERIFY_EMAIL": VERIFIABLE, "PASSWORD_RESET": RESETTABLE, "UNLOCK": HELD}


class Search(NamedTuple):
    """``kind``: with what ``value`` is compared; of a username it is the beginning."""

    kind: Literal["id", "email", "phone", "username"]
    value: Any


class Filters(NamedTuple):
    """What a list of accounts is narrowed by; None for what it is not. ``role``: creator | staff."""

    search: Search | None = None
    status: str | None = None
    role: str | None = None
    country: str | None = None
    two_factor: bool | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


class Listed(NamedTuple):
    """A row of the list. ``signed_in_at`` is what it is sorted by: a time for who never signed in, too."""

    id: UUID
    email: str
    email_verified: bool
    phone: str | None
    username: str | None
    display_name: str | None
    status: common.UserStatus
    is_creator: bool
    roles: list[str]
    two_factor_enabled: bool
    country: str | None
    created_at: datetime
    last_login_at: datetime | None
    signed_in_at: datetime


class Event(NamedTuple):
    id: UUID
    action: str
    result: str
    actor_id: UUID | None
    created_at: datetime


class Account(NamedTuple):
    """``counts``: sessions, social accounts, uploads, appeals, notes, and who blocked it."""

    user: Any
    creator: Any
    roles: list[str]
    deletion_due_at: datetime | None
    counts: tuple[int, ...]


class Beside(NamedTuple):
    """What is going on about an account: open cases, restrictions in force, the last events."""

    cases: Sequence[Any]
    restrictions: Sequence[Any]
    events: Sequence[Event]


def search_of(text: str | None) -> Search | None:
    """What is searched for, by its form; addresses and phones in the form in which they are stored.

    Raises ApiError admin.search_invalid for what no account could have.
    """
    if text is None:
        return None
    if ID.fullmatch(text):
        return Search("id", UUID(text))
    if "@" in text[1:]:
        return Search("email", normalize(text))
    if (phone := clean_phone(text)).startswith("+"):
        return Search("phone", phone)
    username = text.removeprefix("@").lower()
    if len(username) <= LONGEST_USERNAME and FORM.fullmatch(username):
        return Search("username", username)
    raise ApiError("admin.search_invalid")


def row_view(row: Listed, principal: Principal) -> wire.AdminUserRow:
    return presented(wire.AdminUserRow, row, **_personal(row, principal))


def _personal(user: Any, principal: Principal) -> dict[str, Any]:
    """Whole for who may see it."""
    if PII in principal.permissions:
        return {"email": user.email, "phone": user.phone}
    return {"email": masked_email(user.email), "phone": masked_phone(user.phone)}


def require_unerased(status: str) -> None:
    """Raises ApiError admin.not_found for an account of which little more than the id is left."""
    if status == "DELETED":
        raise not_found("account")


def counted(found: int) -> tuple[int, bool]:
    """How many are told, and whether that is all of them."""
    return min(found, COUNTED_TO), found <= COUNTED_TO


COLUMNS = (
    *("id", "email", "emailVerified", "phone", "username", "displayName", "status", "isCreator", "roles"),
    *("twoFactorEnabled", "country", "createdAt", "lastLoginAt"),
)
"""Of the file of accounts."""
MOST_ROWS = 100_000
AT_A_TIME = 1_000


def row_cells(row: Listed, principal: Principal) -> list[Any]:
    told: Mapping[str, Any] = row_view(row, principal)
    return [told[name] for name in COLUMNS]


def account_view(found: Account, beside: Beside, device: str | None, principal: Principal) -> wire.AdminUser:
    user = found.user
    names = ("sessions", "socialAccounts", "uploads", "appeals", "notes", "blockedBy")
    return presented(
        wire.AdminUser,
        user,
        **_personal(user, principal),
        roles=found.roles,
        hasPassword=user.password_hash is not None,
        country=user.registration_country,
        device=device,
        deletionDueAt=timestamp(found.deletion_due_at),
        creator=presented(wire.CreatorOfUser, found.creator) if found.creator else None,
        version=user.admin_version,
        counts=dict(zip(names, found.counts, strict=True)),
        cases=[presented(wire.CaseOfUser, case) for case in beside.cases],
        statements=[presented(wire.RestrictionOfUser, statement) for statement in beside.restrictions],
        events=[presented(wire.UserEvent, event) for event in beside.events],
    )


def export_view(request: Any) -> wire.ExportOfUser:
    return presented(wire.ExportOfUser, request)


def require_helps(act: Act, user: Any) -> None:
    """Raises ApiError admin.user.status_forbids, or already_verified where there is nothing to verify."""
    require_status(user.status, HELPED[act])
    if act == "VERIFY_EMAIL" and user.email_verified:
        raise ApiError("admin.user.already_verified")


def require_status(status: str, allowed: frozenset[str]) -> None:
    """Raises ApiError admin.user.status_forbids."""
    if status not in allowed:
        raise ApiError("admin.user.status_forbids", status=status)
