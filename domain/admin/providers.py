"""Providers as staff sees and chooses them: what may be set, what is critical, how their state is told."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from domain.admin import require_permission
from domain.admin.config import CRITICAL, invalid
from domain.clock import timestamp
from domain.config_keys import InvalidConfig
from domain.errors import ApiError
from domain.presenting import presented
from domain.wire import admin as wire
from domain.wire import common

MAILS, MESSAGES, TOKENS, FILES, COUNTRIES = "email", "sms", "captcha", "storage", "geoip"
NEEDED = {TOKENS: "token", COUNTRIES: "address"}
"""The samples that these families cannot be tried without."""
DEFAULT_LOCALE = "en"
NONE = "none"
DAY = timedelta(days=1)
MOST_FAILURES = 5
EXTERNAL = "external."
# What forms put in the place of a secret: such a text is sent back by mistake, and would wipe the secret.
BULLETS = "\u2022\u25cf\u2219\u00b7\u2026\u25aa\u25a0\u2731\u2217"
MASK = re.compile(
    rf"\*{{3,}}|[{BULLETS}]{{2,}}|^[*{BULLETS}.xX_-]+$|^[(\[<](set|unset|hidden|secret|redacted|masked)[)\]>]$",
    re.IGNORECASE,
)

Outcome = Literal["OK", "REJECTED", "UNAVAILABLE"]


@dataclass(frozen=True, slots=True)
class Setting:
    """Of one provider alone. ``value`` is None for a secret, ``fingerprint`` for what is none."""

    key: str
    secret: bool
    is_set: bool
    value: str | None
    fingerprint: str | None
    meaning: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A family as the config has it: every provider by name with its settings, in the order of the config.

    ``available`` are those that this environment has.
    """

    family: str
    active: str
    failover: Sequence[str]
    settings: Mapping[str, Sequence[Setting]]
    available: Collection[str]

    def ordered(self, active: str, failover: Sequence[str]) -> Shape:
        """In another order."""
        return replace(self, active=active, failover=failover)


@dataclass(frozen=True, slots=True)
class Told:
    """What all processes told of their providers: rows of the tables with these names."""

    since: datetime
    states: Sequence[Any]
    outcomes: Sequence[Any]
    faults: Sequence[Any]
    probes: Mapping[tuple[str, str], datetime]


@dataclass(frozen=True, slots=True)
class Sample:
    """What a provider is tried with. ``locale`` is that of the reader."""

    to: str = ""
    token: str = ""
    address: str = ""
    locale: str = DEFAULT_LOCALE


@dataclass(frozen=True, slots=True)
class Try:
    """One provider tried with a sample."""

    provider: str
    outcome: Outcome
    reason: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Probe:
    """``found`` is what was found, or the fault."""

    ok: bool
    found: str
    seconds: float


def family_of(key: str) -> str | None:
    """Of a config key that belongs to a family of providers."""
    return key.split(".")[1] if key.startswith(EXTERNAL) else None


def since(now: datetime) -> datetime:
    """The beginning of the hour a day ago."""
    return (now - DAY).replace(minute=0, second=0, microsecond=0)


def require_may_order(family: str, active: str, permissions: Collection[str]) -> None:
    """Raises ApiError admin.permission_denied for what lets programs in, or moves files, without everything."""
    if family == FILES or (family == TOKENS and active == NONE):
        require_permission(CRITICAL, permissions)


def require_no_mask(name: str, value: str, fingerprint: str | None) -> None:
    """Raises InvalidConfig for a text that stands for a secret in some form, and for its fingerprint."""
    if MASK.search(value) or value == fingerprint or (fingerprint or ".").endswith(f".{value}"):
        raise InvalidConfig(f"{name} must be the secret itself", "masked")


class ConfigRefused:
    """In the block, what a config key does not take is told as a refusal: ApiError admin.config.invalid."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _trace: Any) -> None:
        if isinstance(error, InvalidConfig):
            raise invalid(error.key or self._key, error.rule, error.limit) from None


def sample_of(family: str, body: wire.ProviderTestRequest, user: Any) -> Sample:
    """What somebody of the staff tries a provider with. Raises ApiError admin.provider.sample_missing and
    admin.provider.recipient_not_own.
    """
    if family in (MAILS, MESSAGES):
        return Sample(to=_own(family, user, body.get("to")), locale=user.locale or DEFAULT_LOCALE)
    needed, sample = NEEDED.get(family), Sample(token=body.get("token", ""), address=body.get("address", ""))
    if needed is not None and not getattr(sample, needed):
        raise ApiError("admin.provider.sample_missing", field=needed)
    return sample


def _own(family: str, user: Any, wanted: str | None) -> str:
    """The caller's own address or phone, proven to be so."""
    proven = {MAILS: user.email_verified, MESSAGES: user.phone_verified_at is not None}[family]
    own = {MAILS: user.email, MESSAGES: user.phone}[family]
    if not proven or own is None or wanted not in (None, own):
        raise ApiError("admin.provider.recipient_not_own")
    return str(own)


def family_view(shape: Shape, version: int, told: Told) -> wire.ProviderFamily:
    return {
        "family": shape.family,
        "version": version,
        "active": shape.active,
        "failover": list(shape.failover),
        "outcomesSince": timestamp(told.since),
        "providers": [_provider_view(shape, name, told) for name in shape.settings],
    }


def _provider_view(shape: Shape, name: str, told: Told) -> wire.Provider:
    place = (shape.family, name)
    failures = [row for row in told.faults if (row.family, row.provider) == place][:MOST_FAILURES]
    return {
        "name": name,
        "available": name in shape.available,
        "settings": settings_view(shape.settings[name]),
        "breakers": [
            presented(wire.ProviderBreaker, row) for row in told.states if (row.family, row.provider) == place
        ],
        "outcomes": [_outcome_view(row) for row in told.outcomes if (row.family, row.provider) == place],
        "lastFailures": [presented(wire.ProviderFailure, row, at=timestamp(row.last_at)) for row in failures],
        "lastProbeAt": timestamp(told.probes.get(place)),
    }


def _outcome_view(row: Any) -> wire.ProviderOutcome:
    average = round(row.micros / row.calls / 1000)
    return presented(wire.ProviderOutcome, row, averageMs=average, slowestMs=round(row.slowest_micros / 1000))


def settings_view(settings: Iterable[Setting]) -> list[wire.ProviderSetting]:
    return [presented(wire.ProviderSetting, setting) for setting in settings]


def probe_view(probe: Probe) -> common.ProviderProbe:
    return presented(common.ProviderProbe, probe)


def tries_view(tries: Sequence[Try]) -> common.ProviderTest:
    """The last one decides. Without any there was no provider to try."""
    if not tries:
        return {"outcome": "UNAVAILABLE", "reason": "no provider is active", "attempts": []}
    return {
        "outcome": tries[-1].outcome,
        "reason": tries[-1].reason,
        "attempts": [presented(common.ProviderAttempt, one, seconds=round(one.seconds, 3)) for one in tries],
    }
