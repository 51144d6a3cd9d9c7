"""Loading a wallet: how much, how often, and what its owner is told of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from domain.clock import timestamp
from domain.config_keys import Config, IntKey
from domain.errors import ApiError
from domain.mailed_pages import BASE_URL
from domain.money.amounts import MINOR, Money
from domain.wallet import MAX_LOAD, MIN_LOAD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from domain.wire import wallet as wire

MAX_BALANCE = IntKey(
    "wallet.max_balance", 1000, "the most that a wallet may hold, open loads included, in whole US dollars", 1, 100_000
)
PER_HOUR = IntKey("wallet.velocity_per_hour", 5, "loads that a wallet may begin in an hour", 1, 1000)
PER_DAY = IntKey("wallet.velocity_per_day", 10, "loads that a wallet may begin in a day", 1, 1000)
AMOUNT_PER_DAY = IntKey(
    "wallet.velocity_amount_per_day", 1000, "the sum of open and paid loads of a day, in whole US dollars", 1, 100_000
)
OPEN_AT_ONCE = IntKey("wallet.velocity_open", 3, "loads of a wallet that may be open at a time", 1, 100)
FAILED_PER_HOUR = IntKey("wallet.velocity_failed_per_hour", 5, "failed loads of an hour that stop further ones", 1, 100)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RETURN_PATH = "/wallet"


class Begun(NamedTuple):
    """Loads of a wallet. Amounts are of those that are, or may become, money: open and paid ones."""

    open: int
    open_amount: int
    of_hour: int
    of_day: int
    amount_of_day: int
    failed_of_hour: int
    first_of_hour: datetime | None
    first_of_day: datetime | None
    first_to_expire: datetime | None


def amount_of(text: str, config: Config) -> int:
    """In cents. Raises ApiError for what no load may be."""
    amount, least, most = Money.parse(text).minor, config[MIN_LOAD] * MINOR, config[MAX_LOAD] * MINOR
    if amount < least:
        raise ApiError("wallet.load.amount_below_minimum", min=str(Money(least)))
    if amount > most:
        raise ApiError("wallet.load.amount_above_maximum", max=str(Money(most)))
    return amount


def require_open(wallet: Any) -> None:
    if wallet.frozen_for is not None or wallet.closed_at is not None:
        raise ApiError("wallet.frozen")


def require_room(amount: int, balance: int, begun: Begun, config: Config) -> None:
    """True for as long as the wallet is held. When the money comes nothing of this is asked any more."""
    most = config[MAX_BALANCE] * MINOR
    if balance + begun.open_amount + amount > most:
        raise ApiError("wallet.load.max_balance_exceeded", max=str(Money(most)))


def require_slow(amount: int, begun: Begun, joined_at: datetime, now: datetime, config: Config) -> None:
    """Whoever tries cards tries many, and most in the first hours of an account."""

    def most(key: IntKey) -> int:
        return -(-config[key] // 2) if now - joined_at < DAY else config[key]

    ends = []
    if begun.of_hour >= most(PER_HOUR) or begun.failed_of_hour >= most(FAILED_PER_HOUR):
        ends.append((begun.first_of_hour or now) + HOUR)
    if begun.of_day >= most(PER_DAY) or begun.amount_of_day + amount > most(AMOUNT_PER_DAY) * MINOR:
        ends.append((begun.first_of_day or now) + DAY)
    if begun.open >= most(OPEN_AT_ONCE):
        ends.append(begun.first_to_expire or now + HOUR)
    if ends:
        raise ApiError("wallet.load.velocity_exceeded", retry_after=max(1, (max(ends) - now).total_seconds()))


def same_or_new(
    ids: Sequence[UUID], known: Mapping[UUID, Any], amount: int, coupon_usage_id: UUID | None, now: datetime
) -> tuple[UUID, Any]:
    """The payment that an earlier call of the same request began; None, and the id of a new one, where that has ended.

    ``ids`` are those that the calls of a request give their payments, one after the other.
    """
    for payment_id in ids:
        payment = known.get(payment_id)
        if payment is None:
            return payment_id, None
        same = (payment.amount, payment.coupon_usage_id) == (amount, coupon_usage_id)
        if payment.status == "OPEN" and same and now < payment.expires_at:
            return payment_id, payment
    return uuid4(), None


def return_url(path: str | None, payment_id: UUID, config: Config) -> str:
    """Of our own site, whatever was asked for."""
    return f"{config[BASE_URL].rstrip('/')}{path or RETURN_PATH}?sessionId={payment_id}"


def session_view(payment: Any) -> wire.LoadSession:
    return {"sessionId": str(payment.id), "checkoutUrl": payment.url}


def load_view(payment: Any) -> wire.LoadState:
    return {
        "sessionId": str(payment.id),
        "status": payment.status,
        "amount": str(Money(payment.amount)),
        "currency": payment.currency,
        "creditedAt": timestamp(payment.paid_at),
    }
