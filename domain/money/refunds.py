"""Giving paid-in money back to where it came from, as the staff asks for it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from domain.config_keys import AmountKey, Config, IntKey
from domain.errors import ApiError, transition_invalid
from domain.money.amounts import Money

REFUND_DAYS = IntKey("wallet.refund_days", 90, "days after a load in which the staff may refund it", 1, 365)

AUTO_REFUND_BELOW = AmountKey(
    "dispute.auto_refund_below",
    "0.00",
    "payments of less than this many US dollars are given back, as far as nobody spent them, when the bank of who paid "
    "warns of fraud: a dispute would cost more; 0: none, staff sees the warning",
    0,
    1000,
)
WARNED = "warned of fraud"


Source = Literal["PAYMENT", "ADJUSTMENT", "STRAY", "CLAIM", "LEAVING"]


class Later(NamedTuple):
    """What came into a wallet after the money of a payment, or is not its own any more.

    ``PAYMENT``: what is left of a later one; ``ADJUSTMENT``, ``STRAY``: less than 0 where it went again; ``LEAVING``:
    what the provider gives back without being asked, of this payment or a later one, and has not given back yet.
    """

    source: Source
    amount: int


def unspent(left: int, fan: int, later: Iterable[Later]) -> int:
    """How much of a payment is still in its wallet.

    Money is spent oldest first: of the wallet's paid-in money (``fan``) what came later stands first, and the payment
    has the rest, up to what is ``left`` of it. ``later`` is in the order in which it was booked: what went again takes
    of what had come by then from the same source, and of nothing else.
    """
    came: dict[str, int] = {}
    for each in later:
        came[each.source] = max(0, came.get(each.source, 0) + each.amount)
    return max(0, min(left, fan - sum(came.values())))


def is_given_back_at_once(payment: Any, *, disputed: bool, now: datetime, config: Config) -> bool:
    """What a warning of fraud leads to. One that is disputed has been taken back already."""
    small = payment.amount < Money.parse(config[AUTO_REFUND_BELOW]).minor
    return small and not disputed and now - payment.paid_at <= timedelta(days=config[REFUND_DAYS])


def require_refundable(payment: Any, *, disputed: bool, now: datetime, config: Config) -> None:
    """Raises ApiError for a payment of which nothing can be given back."""
    if payment.status != "PAID":
        raise transition_invalid(payment.status, "REFUNDED")
    if disputed:
        raise ApiError("admin.refund.disputed")
    if now - payment.paid_at > timedelta(days=config[REFUND_DAYS]):
        raise ApiError("admin.refund.too_old")


def amount_of(given: str | None, payment: Any) -> int:
    """In cents; all that is left where nothing is ``given``. Raises ApiError admin.refund.exceeds."""
    left = payment.amount - payment.refunded - payment.disputed
    amount: int = left if given is None else Money.parse(given).minor
    if not 0 < amount <= left:
        raise exceeds(left)
    return amount


def exceeds(left: int) -> ApiError:
    return ApiError("admin.refund.exceeds", available=str(Money(left)))


def require_unspent(amount: int, unspent: int, fan: int) -> None:
    """Only what is still there of the payment: ``fan`` is all paid-in money. True for as long as the wallet is held."""
    if amount > fan:
        raise ApiError("admin.refund.spent", available=str(Money(unspent)))
    if amount > unspent:
        raise exceeds(unspent)
