"""The rules of sessions and their tokens. No clock, no randomness, no storage: all of it comes in."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, NamedTuple
from uuid import UUID

from domain.clock import timestamp
from domain.config_keys import Config, IntKey, MailAddressKey, TextKey
from domain.errors import ApiError
from domain.wire import auth as wire

ACCESS_TOKEN_TTL_SECONDS = IntKey("auth.access_token_ttl_seconds", 900, "lifetime of an access token", 60, 3600)
CONFIRMATION_MINUTES = IntKey(
    "auth.confirmation_minutes", 5, "minutes for which a proof of identity counts as recent", 1, 60
)
REFRESH_IDLE_DAYS = IntKey("auth.refresh_idle_days", 30, "a session ends after being unused for this long", 1, 365)
REFRESH_ABSOLUTE_DAYS = IntKey("auth.refresh_absolute_days", 90, "maximum age of a session, used or not", 1, 365)
REFRESH_GRACE_SECONDS = IntKey(
    "auth.refresh_grace_seconds",
    10,
    "a refresh token that is used again within this time after its rotation returns the same successor",
    0,
    60,
)
VERIFICATION_TTL_HOURS = IntKey(
    "auth.verification_ttl_hours",
    24,
    "lifetime of an email verification link, including that of a changed address",
    1,
    168,
)
RESET_TTL_MINUTES = IntKey("auth.reset_ttl_minutes", 60, "lifetime of a password reset link", 5, 1440)
REACTIVATION_TTL_DAYS = IntKey("auth.reactivation_ttl_days", 30, "lifetime of a reactivation link", 1, 90)
UNVERIFIED_PURGE_DAYS = IntKey(
    "auth.unverified_purge_days", 7, "an account is deleted after being unverified for this long", 1, 365
)
LOCKOUT_ACCOUNT_THRESHOLD = IntKey(
    "auth.lockout_account_threshold", 50, "failed logins for an address from any network before it is locked", 10, 1000
)
LOCKOUT_THRESHOLD = IntKey(
    "auth.lockout_threshold", 5, "failed logins for an address from one network before it is locked", 3, 100
)
LOCKOUT_BASE_SECONDS = IntKey(
    "auth.lockout_base_seconds", 60, "duration of the first lock; each further failure doubles it", 1, 900
)
LOCKOUT_MAX_SECONDS = IntKey("auth.lockout_max_seconds", 900, "longest duration of a lock", 1, 86400)
TERMS_VERSION = TextKey("legal.terms_version", "1.0", "version of the terms of service that users consent to")
PRIVACY_VERSION = TextKey("legal.privacy_version", "1.0", "version of the privacy policy that users consent to")
ALERT_EMAIL = MailAddressKey(
    "security.alert_email",
    "",
    "address for warnings about stolen sessions and unusual use of text messages, and for the daily head of the "
    "audit log; empty for none",
)

ID_BYTES = 16
COUNTER_BYTES = 8
MAC_BYTES = 32
# 57 bytes are 76 characters of base64 without padding or spare bits: one token, one text.
VERSION = b"\x01"
TOKEN_LENGTH = 76


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """Names a session and its place in the session's row of tokens."""

    session_id: UUID
    counter: int


def write_refresh_token(token: RefreshToken, key: bytes) -> str:
    """URL-safe text of the token, authenticated with HMAC-SHA256 under ``key``."""
    message = VERSION + token.session_id.bytes + token.counter.to_bytes(COUNTER_BYTES, "big")
    return base64.urlsafe_b64encode(message + _mac(message, key)).decode()


def read_refresh_token(text: str, keys: Mapping[str, bytes]) -> RefreshToken | None:
    """The token, or None when the text is malformed or signed by none of the ``keys``."""
    if len(text) != TOKEN_LENGTH:
        return None
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None
    if base64.urlsafe_b64encode(raw).decode() != text:  # needless padding and "+/" are no errors to Python
        return None
    message, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    if len(message) != len(VERSION) + ID_BYTES + COUNTER_BYTES or not message.startswith(VERSION):
        return None
    if not any(hmac.compare_digest(mac, _mac(message, key)) for key in keys.values()):
        return None
    return RefreshToken(UUID(bytes=message[1 : 1 + ID_BYTES]), int.from_bytes(message[1 + ID_BYTES :], "big"))


def _mac(message: bytes, key: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)


class Presented(Enum):
    """What a presented refresh token is, by its place in the row."""

    CURRENT = auto()
    REPEATED = auto()
    STOLEN = auto()
    FORGED = auto()


def judge(presented: int, current: int, rotated_at: datetime | None, now: datetime, grace: timedelta) -> Presented:
    """The immediate predecessor inside the grace is a second tab or a lost answer; anything older was stolen."""
    if presented == current:
        return Presented.CURRENT
    if presented > current:
        return Presented.FORGED
    recent = rotated_at is not None and now - rotated_at <= grace
    return Presented.REPEATED if presented == current - 1 and recent else Presented.STOLEN


class Judged(NamedTuple):
    """A refresh token of a live session: its place in the row, and what that makes of it."""

    session: Any
    counter: int
    verdict: Presented


# How many accounts are asked whether they may go on, where somebody shows tokens of several.
MOST_ACCOUNTS = 8


def weigh(judged: Sequence[Judged]) -> tuple[list[Judged], list[UUID]]:
    """The tokens that are good, current ones first; where none is, the accounts of which one was stolen.

    One good token is enough: a stale one beside it is what an earlier setting left in the browser.
    """
    current = [one for one in judged if one.verdict is Presented.CURRENT]
    good = current + [one for one in judged if one.verdict is Presented.REPEATED]
    stolen = {one.session.user_id for one in judged if one.verdict is Presented.STOLEN}
    return good, [] if good else sorted(stolen)


def read_one_time_token(text: str) -> UUID | None:
    """The token of a mailed link, or None when the text is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def session_view(row: Any, device: str | None, current: UUID) -> wire.Session:
    return {
        "id": str(row.id),
        "device": device,
        "ipMasked": mask_ip(row.ip),
        "location": row.country,
        "isCurrent": row.id == current,
        "createdAt": timestamp(row.created_at),
        "lastActiveAt": timestamp(row.last_active_at),
    }


def mask_ip(ip: str | None) -> str | None:
    """The address without its last part: ``192.168.1.***``, ``2001:db8:***``."""
    if not ip:
        return None
    if ":" in ip:
        return ":".join(ip.split(":")[:2]) + ":***"
    return ip.rpartition(".")[0] + ".***"


def one_time_hash(token: UUID) -> bytes:
    """What is stored of a one-time token. Its 122 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.bytes).digest()


# Accounts that are mailed a link to prove the address, and one to reset the password: who left can come back by signing
# in, and so may have forgotten it.
VERIFIABLE = frozenset({"ACTIVE"})
RESETTABLE = frozenset({"ACTIVE", "DEACTIVATED"})

WRONG_CREDENTIALS = "auth.login.invalid_credentials"


def login_refusal(status: str, email_verified: bool) -> str | None:
    """Why an account may not sign in although the password is right. Erased accounts are as unknown ones."""
    if status == "ACTIVE":
        return None if email_verified else "auth.login.email_not_verified"
    told = {"SUSPENDED": "suspended", "BANNED": "suspended", "DEACTIVATED": "deactivated"}
    return f"auth.login.account_{told[status]}" if status in told else WRONG_CREDENTIALS


def is_password_due(user: Any) -> bool:
    """Whether the owner has to choose a password first. One that a former release set is chosen, too."""
    return bool(user.password_due) and user.password_hash is None


def platform_refusal(user: Any) -> str | None:
    """As ``login_refusal``, of a sign-in through a platform."""
    refusal = login_refusal(user.status, user.email_verified)
    return "auth.oauth.password_due" if refusal is None and is_password_due(user) else refusal


def require_password(password_hash: str | None, *, matched: bool) -> None:
    """Raises ApiError error.user.password_required for an account without one, password_incorrect for a wrong one."""
    if password_hash is None:
        raise ApiError("error.user.password_required")
    if not matched:
        raise ApiError("error.user.password_incorrect")


def confirmation_life(config: Config) -> timedelta:
    """How long a proof of who one is counts as recent."""
    return timedelta(minutes=config[CONFIRMATION_MINUTES])


def require_fresh(confirmed_at: datetime | None, now: datetime, config: Config) -> None:
    """Raises ApiError auth.confirmation_required when the last proof of the session is missing or too old."""
    if confirmed_at is None or confirmed_at + confirmation_life(config) <= now:
        raise ApiError("auth.confirmation_required")


def require_enough(proofs: Iterable[str], *, has_password: bool, has_factor: bool) -> None:
    """The first factor in one of its forms, and the second one where it is on; it is enough where there is no password.

    Raises ApiError auth.confirm.incomplete, or auth.2fa.not_enabled for a code of a factor that is off.
    """
    given = set(proofs)
    if "code" in given and not has_factor:
        raise ApiError("auth.2fa.not_enabled")
    missing = []
    if not given & {"password", "platform"} and (has_password or not has_factor):
        missing.append("password" if has_password else "platform")
    if has_factor and "code" not in given:
        missing.append("code")
    if missing:
        raise ApiError("auth.confirm.incomplete", needed=", ".join(missing))


def require_refresh_allowed(status: str | None) -> None:
    """Raises ApiError auth.refresh.account_suspended, or invalid_token for an account that is gone or deactivated."""
    if status in ("SUSPENDED", "BANNED"):
        raise ApiError("auth.refresh.account_suspended")
    if status != "ACTIVE":
        raise ApiError("auth.refresh.invalid_token")


def session_life(config: Config) -> tuple[timedelta, timedelta]:
    """How long a session lives unused, and at most."""
    return timedelta(days=config[REFRESH_IDLE_DAYS]), timedelta(days=config[REFRESH_ABSOLUTE_DAYS])


def registration_locale(wanted: str | None, preferred: str, supported: Sequence[str]) -> str:
    """The locale of a new account. Raises ApiError for one that is not offered at the moment."""
    if not wanted:
        return preferred
    require_offered(wanted, supported)
    return wanted


def require_offered(locale: str, supported: Sequence[str]) -> None:
    """Raises ApiError validation.failed for a locale that an admin does not offer at the moment."""
    if locale not in supported:
        raise ApiError(
            "validation.failed", details=[{"field": "locale", "rule": "enum", "limit": ", ".join(supported)}]
        )
