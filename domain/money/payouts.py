"""Payouts by which creators get what they earned: what is asked of a payout provider, and what it says.

A payout is tried by attempts. Each has a key of its own, and reserves the money anew; a provider that does not know
whether it paid is asked again for the same attempt, never for another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args
from uuid import UUID

from domain.wire import admin as wire
from domain.wire import common

Status = wire.PayoutStatus
METHODS: tuple[str, ...] = get_args(common.PayoutMethod)
OPEN: tuple[Status, ...] = ("PENDING", "APPROVED", "PROCESSING")
"""A creator has one of these at most."""
AttemptState = wire.PayoutAttemptState
"""``SENDING``: nobody knows yet whether the provider has it. ``RETURNED``: it was paid, and came back."""


Failure = Literal["DESTINATION_REJECTED", "DESTINATION_NEGATIVE", "TREASURY_EMPTY", "PROVIDER_REJECTED", "RETURNED"]
"""Why an attempt failed, or came back: the destination takes no money, or owes its provider; the platform has too
little at the provider, which is tried again and nobody's fault; the provider refused for another reason; it came back.
"""
FAILURES: tuple[str, ...] = get_args(Failure)


@dataclass(frozen=True, slots=True)
class PayoutOrder:
    """One attempt. ``account`` is the payout account at the provider, ``bank`` the details of a bank transfer:
    one of both is given.
    """

    payout_id: UUID
    attempt: int
    amount: int
    currency: str
    account: str | None = None
    bank: Mapping[str, str | None] | None = field(default=None, repr=False)

    @property
    def key(self) -> str:
        """Under which the provider does it once."""
        return f"payout:{self.payout_id}:{self.attempt}"


@dataclass(frozen=True, slots=True)
class PayoutState:
    """How an attempt is at the provider. ``ref`` is its id there; ``reason`` a code of ours, where it failed.

    ``FAILED`` of what was ``PAID`` before is a return: providers do not know what we booked.

    ``fee``: what the provider asks for it, None until that is known.
    """

    ref: str
    state: Literal["SENT", "PAID", "FAILED", "RETURNED"]
    reason: str | None = None
    fee: int | None = None


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account is opened with. The provider is asked for the same one under the key of ``id``."""

    id: UUID
    email: str | None = field(repr=False)
    country: str | None = None

    @property
    def key(self) -> str:
        return f"account:{self.id}"


@dataclass(frozen=True, slots=True)
class AccountState:
    """How a payout account is at its provider by now."""

    ref: str
    status: Literal["NOT_STARTED", "PENDING", "ACTIVE", "RESTRICTED", "DISABLED"]
    charges_enabled: bool = False
    payouts_enabled: bool = False
    details_submitted: bool = False
