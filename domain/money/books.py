"""The books as they are read again: what was posted, what accounts have, and what is found to be wrong."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.money.amounts import Currency


@dataclass(frozen=True, slots=True)
class Finding:
    """``check``: which one found it. ``what``: a key, an id, or the beginning of both."""

    check: str
    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.check}: {self.what}: expected {self.expected}, found {self.found}"


@dataclass(frozen=True, slots=True)
class Leg:
    code: str
    wallet_id: UUID | None
    amount: int


@dataclass(frozen=True, slots=True)
class WrittenTransfer:
    id: UUID
    key: str
    kind: str
    about: str
    about_id: str
    resolves: str | None
    actor_id: UUID | None
    currency: Currency
    created_at: datetime
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """``balance``: the sum of its entries; credit is positive."""

    code: str
    wallet_id: UUID | None
    currency: Currency
    balance: int


@dataclass(frozen=True, slots=True)
class Sought:
    """Which transfers; None of one is any."""

    reference: str | None = None
    account_id: UUID | None = None
    key: str | None = None
