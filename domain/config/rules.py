"""What keys demand of each other, and which of them ask who changes them to show again who they are."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from domain import admin, auth, wallet
from domain.auth import otp
from domain.config_keys import RATE_LIMIT_PREFIX, AmountKey, IntKey, InvalidConfig, TextKey
from domain.creators import dm
from domain.money import bank_files, payout_rules
from domain.users import usernames
from domain.wallet import loads

SECONDS_OF_MINUTE = MINUTES_OF_HOUR = 60
HOURS_OF_DAY = 24

DANGEROUS = (
    "admin.",  # who of the staff is let in, and from where
    "auth.",  # how people are let in: lives of tokens and codes, locks, hashes
    "external.",  # who gets codes, files and passwords' digests, and who tells people from programs
    "gdpr.",  # when accounts and archives are gone for good
    "payout.",  # when money goes out
    "referral.",  # what is given for bringing others here
    RATE_LIMIT_PREFIX,  # how often somebody may guess
    "security.",  # who is warned
    "site.api_url",  # where files lead
    "site.base_url",  # where mailed links lead, tokens included
    "sms.",  # what messages may cost
    "wallet.",  # how much money people may hold here
)
"""Beginnings of names. What lets people in, sends their data elsewhere, costs money, or silences a warning."""


class ConflictingConfig(InvalidConfig):
    """The value fits its own ``key``, but not that of ``other``."""

    def __init__(self, message: str, key: str, other: str) -> None:
        super().__init__(message, "conflict", other, key)
        self.other = other


@dataclass(frozen=True, slots=True)
class AtMost:
    """The value of ``lower`` is at most that of ``upper``, of which each is so many ``units`` of the other."""

    lower: IntKey | AmountKey
    upper: IntKey | AmountKey
    units: int = 1

    @property
    def names(self) -> tuple[str, str]:
        return self.lower.name, self.upper.name

    def holds(self, values: Mapping[str, Any]) -> bool:
        lower, upper = (Decimal(values[name]) for name in self.names)
        return lower <= upper * self.units

    def broken(self, values: Mapping[str, Any]) -> str:
        lower, upper = self.names
        at_most = upper if self.units == 1 else f"{self.units} times {upper}"
        return f"{lower} ({values[lower]}) must be at most {at_most} ({values[upper]})"


@dataclass(frozen=True, slots=True)
class Needs:
    """``chooser`` is only ``choice`` while ``needed`` is set."""

    chooser: str
    choice: str
    needed: TextKey

    @property
    def names(self) -> tuple[str, str]:
        return self.chooser, self.needed.name

    def holds(self, values: Mapping[str, Any]) -> bool:
        return values[self.chooser] != self.choice or bool(values[self.needed.name])

    def broken(self, values: Mapping[str, Any]) -> str:
        del values
        return f"{self.needed.name} must be set while {self.chooser} is {self.choice}"


Rule: TypeAlias = AtMost | Needs


# Quotas are not among them: the lower of two holds, and whoever has to stop something must be free to lower one alone.
RULES: tuple[Rule, ...] = (
    AtMost(usernames.MIN_LENGTH, usernames.MAX_LENGTH),
    AtMost(auth.LOCKOUT_BASE_SECONDS, auth.LOCKOUT_MAX_SECONDS),
    AtMost(auth.LOCKOUT_THRESHOLD, auth.LOCKOUT_ACCOUNT_THRESHOLD),
    AtMost(admin.FRESH_MINUTES, admin.IDLE_MINUTES),
    AtMost(admin.IDLE_MINUTES, admin.SESSION_HOURS, MINUTES_OF_HOUR),
    # A session that may stay unused for longer than it may live has one bound that means nothing.
    AtMost(auth.REFRESH_IDLE_DAYS, auth.REFRESH_ABSOLUTE_DAYS),
    # A link is of no use when the account is gone before it ends.
    AtMost(auth.VERIFICATION_TTL_HOURS, auth.UNVERIFIED_PURGE_DAYS, HOURS_OF_DAY),
    # Nobody could ask for another code before the first one ends.
    AtMost(otp.RESEND_COOLDOWN_SECONDS, otp.OTP_TTL_MINUTES, SECONDS_OF_MINUTE),
    # No price at all would do.
    AtMost(dm.MIN_PRICE, dm.MAX_PRICE),
    # No amount at all could be loaded.
    AtMost(wallet.MIN_LOAD, wallet.MAX_LOAD),
    AtMost(wallet.MAX_LOAD, loads.MAX_BALANCE),
    # No file could be written, and nobody would be paid.
    *(Needs("external.payout.bank_provider", bank_files.BANK_FILE, key) for key in bank_files.NEEDED),
    # No amount at all could be paid out.
    AtMost(payout_rules.LEAST, payout_rules.MOST),
)


def is_dangerous(name: str) -> bool:
    return name.startswith(DANGEROUS)


def concerning(names: Collection[str]) -> Iterator[Rule]:
    """The rules that a change of these keys could break."""
    return (rule for rule in RULES if not set(names).isdisjoint(rule.names))


def require_consistent(values: Mapping[str, Any], changed: Collection[str]) -> None:
    """Raises ConflictingConfig, which names the key that was not changed, where one was not."""
    for rule in concerning(changed):
        if rule.holds(values):
            continue
        first, second = rule.names
        key, other = (first, second) if first in changed else (second, first)
        raise ConflictingConfig(rule.broken(values), key, other)
