"""Accounts whose owners cannot sign in any more: what staff may ask for, and when it takes effect."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, get_args

from domain.admin import OWNER
from domain.admin.masking import masked_email
from domain.config_keys import Config, IntKey
from domain.errors import ApiError
from domain.presenting import presented
from domain.wire import admin as wire

DELAY_HOURS = IntKey(
    "admin.recovery_delay_hours",
    24,
    "hours between the request to recover an account and its effect, in which the owner can stop it",
    1,
    168,
)
PROOF_DAYS = IntKey(
    "admin.recovery_proof_days",
    7,
    "days after that delay within which the new address of a recovered account must be confirmed",
    1,
    30,
)
REST_DAYS = IntKey(
    "admin.recovery_rest_days",
    30,
    "days for which no recovery of the same kind can be requested after an owner has stopped one",
    0,
    365,
)

TWO_FACTOR: wire.RecoveryKind = "TWO_FACTOR"
EMAIL: wire.RecoveryKind = "EMAIL"
KINDS: tuple[wire.RecoveryKind, ...] = get_args(wire.RecoveryKind)
STATES: tuple[wire.RecoveryState, ...] = get_args(wire.RecoveryState)
KEPT = timedelta(days=365)
"""For how long a request is kept that ended."""


def require_recoverable(status: str) -> None:
    """Of an account that nobody locked and whose owner did not leave. Raises ApiError admin.recovery.not_active."""
    if status != "ACTIVE":
        raise ApiError("admin.recovery.not_active", status=status)


def may_take_effect(asker: Collection[str], account: Collection[str]) -> bool:
    """By the roles that who asked and whose account it is have now: either may have gained or lost some since."""
    return bool(asker) and (not account or OWNER in asker)


def is_due(request: Any, now: datetime) -> bool:
    """An address must be proven, too, until when a request waits for it."""
    return bool(request.effective_at <= now and (request.kind == TWO_FACTOR or request.proven_at is not None))


def is_given_up(request: Any, now: datetime, config: Config) -> bool:
    """Nobody proved the address in time."""
    return bool(request.effective_at <= now - timedelta(days=config[PROOF_DAYS]))


def recovery_view(request: Any, *, unmasked: bool) -> wire.Recovery:
    address = request.new_email if unmasked else masked_email(request.new_email)
    return presented(wire.Recovery, request, newEmail=address)
