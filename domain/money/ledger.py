"""The ledger's accounts, and transfers between them.

Credit is positive, debit negative. Every transfer sums to zero, and has a key made from the thing it is about: doing it
twice does nothing, doing it differently is an alarm. A transfer is never edited; a correction is another one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha1, sha256
from typing import NamedTuple, get_args
from uuid import UUID, uuid5

from domain.money.amounts import MOST, USD, Currency
from domain.wire import admin, common

# Ids of wallets and accounts are made from what they are of: whoever posts knows them without asking.
NAMESPACE = UUID("6f1c7c1e-0f7a-5d0e-9a52-2b7f7a1f1d11")
_SEEDED = sha1(NAMESPACE.bytes, usedforsecurity=False)
# RFC 9562, 5.5: which bits of a UUID tell its version and variant, and which are of the name.
_VERSION_5 = 5 << 76 | 2 << 62
_OF_NAME = ~(15 << 76 | 3 << 62)


@lru_cache(maxsize=10_000)
def id_of(name: str) -> UUID:
    """A posting asks for the same few ids again and again."""
    return uuid5(NAMESPACE, name)


def are_made_from_names(lines: Iterable[bytes]) -> bool:
    """Whether each id is what ``id_of`` its name gives; for whoever compares millions.

    A line is a name, a space, and the 32 digits of the id.
    """
    try:
        for line in lines:
            made = _SEEDED.copy()
            made.update(line[:-33])
            if (int.from_bytes(made.digest()[:16]) & _OF_NAME) | _VERSION_5 != int(line[-32:], 16):
                return False
    except ValueError:  # there are no digits
        return False
    return True


WalletType = admin.WalletType
Activity = common.WalletActivityType
Normal = admin.LedgerSide
FROZEN_FOR: tuple[str, ...] = tuple(filter(None, get_args(admin.FrozenFor)))
"""Why nothing may be spent, loaded or paid out. Credits, refunds, releases and chargebacks are posted all the same."""
FROZEN_BY_STAFF: tuple[str, ...] = get_args(admin.StaffFreeze)
"""The others are set, and ended, by the platform itself."""

LEAST_LEGS, MOST_LEGS = 2, 100


class Form(NamedTuple):
    """``normal``: on which side its balance is. ``wallets``: in which of them there is one; none for accounts of ours.

    ``shown``: it counts in the balance that a wallet's owner sees. ``of_provider``: there is one for each provider.
    """

    normal: Normal
    wallets: tuple[WalletType, ...] = ()
    shown: bool = False
    of_provider: bool = False


FORMS: Mapping[str, Form] = {
    "fan": Form("CREDIT", ("FAN",), shown=True),
    "fan_promo": Form("CREDIT", ("FAN",), shown=True),
    "creator": Form("CREDIT", ("CREATOR",), shown=True),
    "debt": Form("DEBIT", ("FAN", "CREATOR")),
    "escrow": Form("CREDIT"),
    "payout_reserved": Form("CREDIT"),
    "payout_transit": Form("CREDIT"),
    "refund_transit": Form("CREDIT"),
    "clearing": Form("DEBIT", of_provider=True),
    "rail": Form("DEBIT", of_provider=True),
    "bank": Form("DEBIT"),
    "suspense": Form("CREDIT", of_provider=True),
    "unclaimed": Form("CREDIT"),
    "commission": Form("CREDIT"),
    "processing_fees": Form("DEBIT"),
    "promo_expense": Form("DEBIT"),
    "dispute_loss": Form("DEBIT"),
    "goodwill": Form("DEBIT"),
}
"""Accounts of wallets are guarded: they have a balance with a floor. Those of the platform are tallied: their balance
is the sum of their entries, so that nobody waits for anybody."""


@dataclass(frozen=True, slots=True)
class Account:
    """``code``: what it is, as in ``FORMS``, with the provider where there is one for each (``clearing:stripe``)."""

    code: str
    wallet_id: UUID | None = None
    currency: Currency = USD

    @property
    def form(self) -> Form:
        return FORMS[self.code.partition(":")[0]]

    @property
    def id(self) -> UUID:
        return id_of(f"account:{self.wallet_id or 'platform'}:{self.code}:{self.currency}")


def platform(code: str, provider: str | None = None, currency: Currency = USD) -> Account:
    return Account(code if provider is None else f"{code}:{provider}", currency=currency)


@dataclass(frozen=True, slots=True)
class WalletName:
    """Whose wallet it is. There is one of each type and currency; it is made by the first money."""

    user_id: UUID
    type: WalletType
    currency: Currency = USD

    @property
    def id(self) -> UUID:
        return id_of(f"wallet:{self.user_id}:{self.type}:{self.currency}")

    def account(self, code: str) -> Account:
        if self.type not in FORMS[code].wallets:
            raise ValueError(f"a {self.type} wallet has no account {code}")
        return Account(code, self.id, self.currency)

    @property
    def main(self) -> Account:
        """What its owner may spend, or be paid."""
        return self.account("fan" if self.type == "FAN" else "creator")

    @property
    def accounts(self) -> tuple[Account, ...]:
        return tuple(self.account(code) for code, form in FORMS.items() if self.type in form.wallets)


class Shown(NamedTuple):
    """What a wallet's page says of a transfer. ``about`` and ``about_id``: what it refers to."""

    type: Activity
    about: str
    about_id: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money that moves. ``legs``: what each account gets (credit) or gives (debit, negative), in minor units.

    ``wallet``: whose accounts are among the legs; a transfer touches one wallet at most. ``shown``: needed where the
    balance that its owner sees changes. ``resolves``: the key of a transfer that this one settles, which no other may.
    Raises ValueError for legs which do not balance.
    """

    key: str
    kind: str
    about: str
    about_id: str
    legs: Mapping[Account, int]
    wallet: WalletName | None = None
    shown: Shown | None = None
    resolves: str | None = None
    actor: UUID | None = None
    currency: Currency = field(init=False)

    def __post_init__(self) -> None:
        legs = {account: amount for account, amount in self.legs.items() if amount}
        object.__setattr__(self, "legs", legs)
        if not LEAST_LEGS <= len(legs) <= MOST_LEGS or sum(legs.values()) != 0:
            raise ValueError(f"{self.key}: the legs do not balance")
        if any(abs(amount) > MOST for amount in legs.values()):
            raise ValueError(f"{self.key}: more than one leg may move")
        currencies = {account.currency for account in legs}
        if len(currencies) != 1:
            raise ValueError(f"{self.key}: two currencies")
        object.__setattr__(self, "currency", currencies.pop())
        wallets = {account.wallet_id for account in legs} - {None}
        if wallets != ({self.wallet.id} if self.wallet else set()):
            raise ValueError(f"{self.key}: not the accounts of its one wallet")
        if self.shown is not None and self.wallet is None:
            raise ValueError(f"{self.key}: no wallet whose page could show it")
        if self.moved and self.shown is None:
            raise ValueError(f"{self.key}: the wallet's page would not say why its balance changed")

    @property
    def moved(self) -> int:
        """By how much the balance that the wallet's owner sees changes."""
        return sum(amount for account, amount in self.legs.items() if account.form.shown)

    @property
    def fingerprint(self) -> bytes:
        """What tells another transfer under the same key from the same one."""
        legs = ((account.id, amount) for account, amount in self.legs.items())
        return fingerprint_of(self.kind, self.about, self.about_id, self.resolves, legs)


def fingerprint_of(
    kind: str, about: str, about_id: str, resolves: str | None, legs: Iterable[tuple[UUID, int]]
) -> bytes:
    """``legs``: ids of accounts, and what they get."""
    said = [kind, about, about_id, resolves, sorted((str(account_id), amount) for account_id, amount in legs)]
    return sha256(json.dumps(said, separators=(",", ":")).encode()).digest()


class LedgerError(Exception):
    """The ledger refused a transfer."""


class InsufficientBalance(LedgerError):
    """An account would fall below its floor."""


class TransferDiffers(LedgerError):
    """Another transfer has the same key: something was done twice, and differently. Somebody must look."""


class AlreadyResolved(LedgerError):
    """What the transfer settles has been settled by another one."""
