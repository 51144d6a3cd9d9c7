"""Text messages to phones: where they may go, what a day of them may cost."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.config_keys import Config, IntKey, ListKey
from domain.errors import ApiError

ALLOWED_COUNTRIES = ListKey(
    "sms.allowed_countries", [], "ISO 3166 codes of countries whose phones receive messages; empty for all"
)
DAILY_BUDGET = IntKey(
    "sms.daily_budget", 2000, "messages per day, one budget for anybody and one for accounts", 0, 10_000_000
)
DAILY_BUDGET_PER_COUNTRY = IntKey(
    "sms.daily_budget_per_country", 500, "messages per day to phones of one country", 0, 10_000_000
)
DAILY_PER_ACCOUNT = IntKey(
    "sms.daily_per_account",
    20,
    "messages per day that one account may request, and as many that its sign-ins may",
    1,
    10_000,
)
ALERT_SENT = IntKey(
    "sms.alert_sent", 50, "messages per day to a country from which on an alert is possible", 1, 100_000
)
ALERT_VERIFIED_PERCENT = IntKey(
    "sms.alert_verified_percent", 20, "percentage of verified codes below which an alert is sent", 0, 100
)

EVERYWHERE = "*"
ALMOST_ALL = 0.8
"""Of a budget: from there on the operators are told."""


@dataclass(frozen=True, slots=True)
class Sms:
    """``to`` is E.164. ``id`` is stable over retries, so that a repeated delivery can be recognised as one."""

    id: UUID
    to: str
    text: str
    locale: str


@dataclass(frozen=True, slots=True)
class Spending:
    """What a message is counted as. ``asked_by``: ``anybody`` or ``accounts``, so that neither spends the other's."""

    day: date
    asked_by: str
    country: str


def require_reachable(phone: str, region_of: Callable[[str], str | None], config: Config) -> str:
    """The country of the phone. Raises ApiError auth.otp.send.country_unavailable for one that gets no messages."""
    country, allowed = region_of(phone), config[ALLOWED_COUNTRIES]
    if country is None or (allowed and country not in allowed):
        raise ApiError("auth.otp.send.country_unavailable")
    return country


def budget_exhausted(now: datetime) -> ApiError:
    """Until midnight, UTC, when the next day's budget begins."""
    midnight = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
    return ApiError("auth.otp.budget_exhausted", retry_after=(midnight - now).total_seconds())


def budget_of(country: str, config: Config) -> int:
    return config[DAILY_BUDGET if country == EVERYWHERE else DAILY_BUDGET_PER_COUNTRY]


def is_unusual(row: Any, config: Config) -> bool:
    """Whether a row of today is worth an alert: nearly used up, or hardly any of many codes came back."""
    if row.sent >= budget_of(row.country, config) * ALMOST_ALL:
        return True
    hardly_any: bool = row.verified * 100 < row.sent * config[ALERT_VERIFIED_PERCENT]
    many: bool = row.sent >= config[ALERT_SENT]
    return many and hardly_any
