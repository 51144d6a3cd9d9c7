"""Bank details of creators: what they may be, what a change of them brings about, and how the owner sees them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from domain.clock import timestamp
from domain.config_keys import Config, IntKey
from domain.errors import ApiError
from domain.money.banks import is_bic, is_iban, is_same_land

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from domain.wire import admin, common
    from domain.wire import creators as wire

HOLD_HOURS = IntKey(
    "payout.destination_hold_hours",
    72,
    "hours after a change of bank details, also of those in a payout account, or after that was connected, in which "
    "nothing is paid out there",
    0,
    720,
)
PLATFORM_ACCOUNT: common.PayoutMethod = "PLATFORM_ACCOUNT"
BANK_TRANSFER: common.PayoutMethod = "BANK_TRANSFER"
UNREADABLE = "?"
"""What is shown instead of what was sealed under a secret that is gone."""
PENDING, VERIFIED, REJECTED = "PENDING", "VERIFIED", "REJECTED"


@dataclass(frozen=True, slots=True)
class BankDetails:
    """Where the money of a creator goes. They are stored sealed, but for the country and the end of the number."""

    iban: str | None = field(default=None, repr=False)
    bank_name: str | None = field(default=None, repr=False)
    account_holder_name: str | None = field(default=None, repr=False)
    swift_code: str | None = field(default=None, repr=False)
    bank_country: str | None = None

    @property
    def complete(self) -> bool:
        """Whether money can be sent by them: a number, and to whom."""
        return self.iban is not None and self.account_holder_name is not None

    @property
    def last4(self) -> str | None:
        return None if self.iban is None else self.iban[-4:]

    @property
    def secret(self) -> dict[str, str | None]:
        """What is sealed."""
        return {name: getattr(self, column) for name, column in SEALED.items()}

    @classmethod
    def opened(cls, secret: Mapping[str, str | None], country: str | None) -> Self:
        return cls(**{column: secret.get(name) for name, column in SEALED.items()}, bank_country=country)

    def changed(self, body: Mapping[str, Any]) -> Self:
        """With what is given. A number that comes without a country is one of its own.

        Raises ApiError creator.bank.invalid_iban, creator.bank.invalid_bic or creator.bank.country_mismatch.
        """
        given = {column: body[name] for name, column in FIELDS.items() if name in body}
        if "iban" in given and not is_iban(given["iban"]):
            raise ApiError("creator.bank.invalid_iban")
        if "swift_code" in given and not is_bic(given["swift_code"]):
            raise ApiError("creator.bank.invalid_bic")
        if "iban" in given and not (self.bank_country and is_same_land(self.bank_country, given["iban"][:2])):
            given.setdefault("bank_country", given["iban"][:2])
        found = replace(self, **given)
        lands = [found.bank_country, found.iban and found.iban[:2], found.swift_code and found.swift_code[4:6]]
        known = [land for land in lands if land]
        if not all(is_same_land(known[0], land) for land in known):
            raise ApiError("creator.bank.country_mismatch")
        return found


SEALED = {
    "iban": "iban",
    "bankName": "bank_name",
    "accountHolderName": "account_holder_name",
    "swiftCode": "swift_code",
}
FIELDS = SEALED | {"bankCountry": "bank_country"}


@dataclass(frozen=True, slots=True)
class PlatformAccount:
    """What the profile says of the account at the payout provider."""

    connected: bool
    payouts_enabled: bool

    @property
    def available(self) -> bool:
        return self.connected and self.payouts_enabled


@dataclass(frozen=True, slots=True)
class BankAccount:
    """The details with what is known of them. ``row``: None before anything was entered.

    Details that are not ``readable`` are none: nothing that was decided on them holds.
    """

    details: BankDetails
    row: Any
    readable: bool = True

    @property
    def state(self) -> admin.BankDetailsState | None:
        return self.row.state if self.row is not None and self.readable else None

    @property
    def preferred_method(self) -> common.PayoutMethod | None:
        return None if self.row is None else self.row.preferred_method

    @property
    def auto_payout(self) -> bool:
        return self.row is not None and bool(self.row.auto_payout)

    @property
    def verified_at(self) -> datetime | None:
        """None while the details, as they are now, are not."""
        return self.row.decided_at if self.state == VERIFIED else None


def require_method(method: str, details: BankDetails, account: PlatformAccount) -> None:
    """Raises ApiError creator.bank.method_unavailable for a method to which nothing was entered or connected."""
    if not (account.available if method == PLATFORM_ACCOUNT else details.complete):
        raise ApiError("creator.bank.method_unavailable")


def held_until(now: datetime, config: Config) -> datetime:
    return now + timedelta(hours=config[HOLD_HOURS])


def settings_view(bank: BankAccount, account: PlatformAccount) -> wire.PayoutSettings:
    row, verified = bank.row, bank.verified_at is not None
    return {
        "bankDetails": {
            "iban": bank.details.iban,
            "bankName": bank.details.bank_name,
            "accountHolderName": bank.details.account_holder_name,
            "swiftCode": bank.details.swift_code,
            "bankCountry": bank.details.bank_country,
            "state": bank.state,
            "rejectedFor": None if bank.state is None else row.rejected_for,
            "verified": verified,
            "verifiedAt": timestamp(bank.verified_at),
            "heldUntil": None if row is None else timestamp(row.held_until),
        },
        "platformAccount": {"connected": account.connected, "payoutsEnabled": account.payouts_enabled},
        "preferredPayoutMethod": bank.preferred_method,
        "autoPayoutEnabled": bank.auto_payout,
        "lastAutoPayout": _last_auto_payout(row),
        "availableMethods": {"PLATFORM_ACCOUNT": account.available, "BANK_TRANSFER": verified},
    }


def _last_auto_payout(row: Any) -> wire.AutoPayout | None:
    if row is None or row.auto_payout_at is None:
        return None
    return {"at": timestamp(row.auto_payout_at), "refusal": row.auto_payout_refusal}
