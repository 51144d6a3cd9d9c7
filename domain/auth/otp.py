"""One-time codes for phones: who may ask, how long a code is good, what is shown of a phone."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Protocol
from uuid import UUID

from domain.clock import timestamp
from domain.config_keys import Config, IntKey
from domain.errors import ApiError
from domain.network import wider_networks
from domain.wire import auth as wire

OTP_TTL_MINUTES = IntKey("auth.otp_ttl_minutes", 5, "lifetime of a code sent to a phone", 1, 60)
MAX_ATTEMPTS = IntKey("auth.otp_max_attempts", 5, "attempts per phone challenge; each wrong code uses one", 1, 20)
MAX_RESENDS = IntKey("auth.otp_max_resends", 3, "resends per phone challenge", 0, 20)
RESEND_COOLDOWN_SECONDS = IntKey(
    "auth.otp_resend_cooldown_seconds", 60, "seconds between two codes of a phone challenge", 0, 3600
)
PER_PHONE_MAX_PER_HOUR = IntKey("auth.otp_per_phone_max_per_hour", 5, "codes per hour for one phone", 1, 1000)
PER_NETWORK_MAX_PER_HOUR = IntKey(
    "auth.otp_per_network_max_per_hour",
    18,
    "codes per hour for callers without an account from one network; accounts may have four times as many",
    1,
    10_000,
)

PROFILE = "verify-phone-profile"
SIGN_IN = "login-2fa"
OF_AN_ACCOUNT = frozenset({PROFILE, "2fa-setup"})

DIGITS = 6
# 64 random bits leave the digits a bias far below what anybody could use.
RANDOM_BYTES = 8
QUOTA_WINDOW = timedelta(hours=1)
DAY = timedelta(days=1)
MORE = 4
PHONES_OF_A_SIGN_IN = 2
"""Of whoever signs in: how many shares of a phone all the phones together have that they name."""

# ITU-T E.164: country codes are prefix-free; those of one and two digits are listed, all others have three.
ONE_DIGIT = frozenset("17")
TWO_DIGITS = frozenset(
    map(str, (20, 27, *range(30, 35), 36, 39, 40, 41, *range(43, 50), *range(51, 59), *range(60, 67)))
) | frozenset(map(str, (81, 82, 84, 86, *range(90, 96), 98)))


class Challenge(Protocol):
    """What the rules ask of a stored challenge."""

    id: Any
    purpose: Any
    user_id: Any
    phone: Any
    attempts: Any
    resend_count: Any
    sent_at: Any
    expires_at: Any
    used_at: Any


def new_code(random_bytes: Callable[[int], bytes]) -> str:
    """Six digits."""
    return str(int.from_bytes(random_bytes(RANDOM_BYTES), "big") % 10**DIGITS).zfill(DIGITS)


def new_id(random_bytes: Callable[[int], bytes]) -> UUID:
    return UUID(bytes=random_bytes(16), version=4)


def asked_by(purpose: str) -> str:
    """Whose budget a code is of: what anybody may ask for takes nothing from those who signed in."""
    return "accounts" if purpose in OF_AN_ACCOUNT or purpose == SIGN_IN else "anybody"


def share_of(purpose: str, asker: UUID | None, owner: UUID | None) -> tuple[str, ...]:
    """Which share of a phone's codes a code is of, so that nobody uses up the share of its owner.

    Whoever signs in has one, right phone or not; the account whose verified phone it is; all other accounts together;
    and all who are not signed in.
    """
    if asker is None:
        return ()
    return (str(asker),) if purpose == SIGN_IN or owner is not None else ("accounts",)


def share_of_all_phones(purpose: str, asker: UUID | None) -> tuple[str, ...]:
    """Whoever signs in may name any phone: the codes of all of them have one share more."""
    return ("every phone", str(asker)) if purpose == SIGN_IN else ()


def shares_of_network(purpose: str, network: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """What all may ask for from one network, and how many times its cap that is.

    Accounts have more, for they are known, but many in one hand are no way around it; and so have the networks around
    an IPv6 client's own.
    """
    asked = asked_by(purpose)
    times = MORE if asked == "accounts" else 1
    for step, name in enumerate((network, *wider_networks(network))):
        yield ("network", asked, name), times * MORE**step


def share_of_account(purpose: str, account: UUID | None) -> tuple[str, ...]:
    """What an account may ask for in a day, for all phones together. Whoever knows no more than its password, and so
    waits for the second factor, takes nothing from who is signed in."""
    if account is None:
        return ()
    return ("a day", str(account), SIGN_IN if purpose == SIGN_IN else "signed in")


def reaches_somebody(purpose: str, owner: UUID | None) -> bool:
    """Whether a code goes out: a sign-in that names another phone than the account's gets none. ``owner``: the account
    whose verified phone it is."""
    return purpose != SIGN_IN or owner is not None


def life(config: Config) -> timedelta:
    return timedelta(minutes=config[OTP_TTL_MINUTES])


def is_current(challenge: Challenge, resend_count: int, now: datetime) -> bool:
    """Whether the code that was made at ``resend_count`` is still worth sending."""
    return challenge.used_at is None and challenge.expires_at > now and challenge.resend_count == resend_count


def minutes_left(expires_at: datetime, now: datetime) -> int:
    return max(1, ceil((expires_at - now).total_seconds() / 60))


def verify_refusal(challenge: Challenge | None, now: datetime) -> str:
    """Why a challenge that took no attempt took none."""
    if challenge is None:
        return "auth.otp.verify.invalid"
    if challenge.used_at is not None:
        return "auth.otp.verify.already_used"
    if challenge.expires_at <= now:
        return "auth.otp.verify.expired"
    return "auth.otp.verify.attempts_exhausted"


def resend_refusal(challenge: Challenge | None, now: datetime, config: Config) -> ApiError:
    """Why a challenge was not resent."""
    if challenge is None or challenge.used_at is not None or challenge.expires_at <= now:
        return ApiError("auth.otp.resend.not_found")
    if challenge.resend_count >= config[MAX_RESENDS]:
        return ApiError("auth.otp.resend.cap_reached")
    wait = challenge.sent_at + cooldown(config) - now
    return ApiError("auth.otp.resend.cooldown", retry_after=max(1.0, wait.total_seconds()))


def cooldown(config: Config) -> timedelta:
    return timedelta(seconds=config[RESEND_COOLDOWN_SECONDS])


def mask_phone(phone: str) -> str:
    """``+905551112212`` -> ``+90 ••• ••• ••12``: as long for every number, so that it tells no length."""
    digits = phone.removeprefix("+")
    size = 1 if digits[0] in ONE_DIGIT else 2 if digits[:2] in TWO_DIGITS else 3
    return f"+{digits[:size]} ••• ••• ••{digits[-2:]}"


def dispatch_view(challenge_id: UUID, expires_at: datetime, config: Config) -> wire.ChallengeDispatch:
    return {
        "challengeId": str(challenge_id),
        "expiresAt": timestamp(expires_at),
        "attemptsRemaining": config[MAX_ATTEMPTS],
    }


def challenge_view(challenge: Challenge, config: Config) -> wire.ChallengeMetadata:
    open_for_resend = challenge.used_at is None and challenge.resend_count < config[MAX_RESENDS]
    return {
        "challengeId": str(challenge.id),
        "purpose": challenge.purpose,
        "phoneMask": mask_phone(challenge.phone),
        "expiresAt": timestamp(challenge.expires_at),
        "attemptsRemaining": max(0, config[MAX_ATTEMPTS] - challenge.attempts),
        "resendAvailableAt": timestamp(challenge.sent_at + cooldown(config)) if open_for_resend else None,
    }
