"""Payments that load wallets.

Lock order: the payment, then its refunds and disputes, then its wallet.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
    update,
)

from domain.money.ledger import WalletName
from domain.wallet.loads import DAY, HOUR, Begun
from persistence.engine.due import taken_up
from persistence.engine.keyset import Keyset
from persistence.engine.statements import insertion
from persistence.models import Payment, Wallet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from domain.money.payments import Checkout, Misfit, Order
    from persistence.engine.connection import Connection

TIME = DateTime(timezone=True)
_NOW = bindparam("now", type_=TIME)
AMONG = select(Payment).where(Payment.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
OWN = (
    select(Payment)
    .join(Wallet, Wallet.id == Payment.wallet_id)
    .where(Payment.id == bindparam("payment_id"), Wallet.user_id == bindparam("user_id"))
)
SESSION_AT = select(Payment.ref).where(Payment.id == bindparam("payment_id"), Payment.provider == bindparam("provider"))
_NAMED = or_(Payment.ref == bindparam("ref"), Payment.alias == bindparam("ref"))
KNOWN = select(Payment.id).where(Payment.provider == bindparam("provider"), _NAMED)
_OPEN, _RECENT = Payment.status == "OPEN", Payment.created_at > bindparam("hour_ago", type_=TIME)
_DAY = Payment.created_at > bindparam("day_ago", type_=TIME)
_MONEY = Payment.status.in_(("OPEN", "PAID"))


def _sum(*which: Any) -> Any:
    return cast(func.coalesce(func.sum(Payment.amount).filter(*which), 0), BigInteger)


# What is paid later may stay open for long, and counts for as long.
BEGUN = select(
    func.count().filter(_OPEN),
    _sum(_OPEN),
    func.count().filter(_RECENT),
    func.count().filter(_DAY),
    _sum(_DAY, _MONEY),
    func.count().filter(_RECENT, Payment.status == "FAILED"),
    func.min(Payment.created_at).filter(_RECENT),
    func.min(Payment.created_at).filter(_DAY),
    func.min(Payment.expires_at).filter(_OPEN),
).where(Payment.wallet_id == bindparam("wallet_id"), or_(_OPEN, Payment.created_at > bindparam("since", type_=TIME)))
HELD = (
    select(Payment, Wallet.user_id, Wallet.type.label("wallet_type"))
    .join(Wallet, Wallet.id == Payment.wallet_id)
    .where(Payment.id == bindparam("payment_id"))
    .with_for_update(of=Payment)
)
BEGIN = insertion(
    Payment,
    "id",
    "wallet_id",
    "amount",
    "currency",
    "provider",
    "return_url",
    "expires_at",
    "due_at",
    "coupon_usage_id",
).returning(Payment)
_first = Payment.ref.is_(None)
BOUND = (
    update(Payment)
    .where(Payment.id == bindparam("payment"), Payment.provider == bindparam("provider_"))
    .values(
        ref=func.coalesce(Payment.ref, bindparam("ref_", type_=Text)),
        url=func.coalesce(Payment.url, bindparam("url_", type_=Text)),
        expires_at=case((_first, bindparam("expires", type_=TIME)), else_=Payment.expires_at),
        due_at=case((_first, bindparam("due", type_=TIME)), else_=Payment.due_at),
    )
    .returning(Payment)
)
MOVED = (
    update(Payment)
    .where(Payment.id == bindparam("payment"), Payment.provider == bindparam("provider_"), _OPEN, _first)
    .values(provider=bindparam("next_"))
    .returning(Payment)
)
PAID = (
    update(Payment)
    .where(Payment.id == bindparam("payment"))
    .values(status="PAID", paid_at=func.coalesce(Payment.paid_at, _NOW))
)
ENDED = (
    update(Payment)
    .where(Payment.id == bindparam("payment"), _OPEN)
    .values(status=bindparam("status_"))
    .returning(Payment.id)
)
MISFIT = (
    update(Payment)
    .where(Payment.id == bindparam("payment"))
    .values(status="FAILED", paid_at=None, misfit=bindparam("misfit_"))
)
NAMED = (
    update(Payment).where(Payment.id == bindparam("payment"), Payment.alias.is_(None)).values(alias=bindparam("alias_"))
)
CHARGED = update(Payment).where(Payment.id == bindparam("payment")).values(fee=bindparam("fee_", type_=BigInteger))
WARNED = (
    update(Payment).where(Payment.id == bindparam("payment")).values(warned_at=func.coalesce(Payment.warned_at, _NOW))
)
LOOK_AGAIN = update(Payment).where(Payment.id == bindparam("payment")).values(due_at=bindparam("due", type_=TIME))
TAKEN_UP = taken_up(Payment, Payment.id)
NEWEST = Keyset(Payment.created_at.desc(), Payment.id.desc())
WITH_OWNER = select(Payment, Wallet.user_id).join(Wallet, Wallet.id == Payment.wallet_id)


class HeldPayment:
    """A payment whose row is held, and the wallet that it loads."""

    def __init__(self, row: Any) -> None:
        self.row: Payment = row.Payment
        self.wallet = WalletName(row.user_id, row.wallet_type, row.Payment.currency)


class Payments:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def among(self, ids: Iterable[UUID]) -> Mapping[UUID, Payment]:
        return {row.id: row for row in await self._connection.scalars(AMONG, ids=list(ids))}

    async def session_at(self, provider: str, payment_id: UUID) -> str | None:
        """Its session there. None for one of somebody else, and until the provider answered."""
        return await self._connection.scalar(SESSION_AT, provider=provider, payment_id=payment_id)

    async def own(self, user_id: UUID, payment_id: UUID) -> Payment | None:
        return await self._connection.scalar(OWN, user_id=user_id, payment_id=payment_id)

    async def knows(self, provider: str, ref: str) -> UUID | None:
        """The payment of a session, by either of its names."""
        return await self._connection.scalar(KNOWN, provider=provider, ref=ref)

    async def begun(self, wallet_id: UUID, now: datetime) -> Begun:
        """True until the unit ends where the wallet is held."""
        since = {"hour_ago": now - HOUR, "day_ago": now - DAY, "since": now - 2 * DAY}
        return Begun(*await self._connection.one(BEGUN, wallet_id=wallet_id, **since))

    async def begin(
        self, order: Order, wallet_id: UUID, provider: str, due_at: datetime, coupon_usage_id: UUID | None = None
    ) -> Payment:
        """``due_at``: when it is asked for again, should nobody hear of it. The reservation of a coupon is held."""
        return await self._connection.scalar_one(
            BEGIN, id=order.payment_id, wallet_id=wallet_id, amount=order.amount, currency=order.currency,
            provider=provider, return_url=order.return_url, expires_at=order.expires_at, due_at=due_at,
            coupon_usage_id=coupon_usage_id,
        )  # fmt: skip

    async def bind(self, payment_id: UUID, provider: str, checkout: Checkout, due_at: datetime) -> Payment:
        """To a session of its provider, which who calls knows to be the one; the first answer stays."""
        return await self._connection.scalar_one(
            BOUND, payment=payment_id, provider_=provider, ref_=checkout.ref, url_=checkout.url,
            expires=checkout.expires_at, due=due_at,
        )  # fmt: skip

    async def move(self, payment_id: UUID, provider: str, to: str) -> Payment | None:
        """To another provider, while no session of the former is known; None where that is too late."""
        return await self._connection.scalar(MOVED, payment=payment_id, provider_=provider, next_=to)

    async def hold(self, payment_id: UUID) -> HeldPayment | None:
        row = await self._connection.row(HELD, payment_id=payment_id)
        return None if row is None else HeldPayment(row)

    async def pay(self, payment_id: UUID, now: datetime) -> None:
        await self._connection.execute(PAID, payment=payment_id, now=now)

    async def end(self, payment_id: UUID, status: str) -> bool:
        """One that is open."""
        return await self._connection.scalar(ENDED, payment=payment_id, status_=status) is not None

    async def note_misfit(self, payment_id: UUID, misfit: Misfit) -> None:
        await self._connection.execute(MISFIT, payment=payment_id, misfit_=misfit)

    async def name(self, payment_id: UUID, alias: str) -> None:
        """By what else its provider tells of it."""
        await self._connection.execute(NAMED, payment=payment_id, alias_=alias)

    async def charge(self, payment_id: UUID, fee: int) -> None:
        await self._connection.execute(CHARGED, payment=payment_id, fee_=fee)

    async def warn(self, payment_id: UUID, now: datetime) -> None:
        await self._connection.execute(WARNED, payment=payment_id, now=now)

    async def look_again(self, payment_id: UUID, due_at: datetime | None) -> None:
        await self._connection.execute(LOOK_AGAIN, payment=payment_id, due=due_at)

    async def take_up(self, now: datetime, again: timedelta, most: int) -> Sequence[UUID]:
        """Those of which the provider is to be asked. Nobody else gets them before ``again`` has passed."""
        return await self._connection.scalars(TAKEN_UP, now=now, due=now + again, most=most)

    async def page(
        self,
        keys: Sequence[Any] | None,
        rows: int,
        *,
        status: str | None = None,
        provider: str | None = None,
        wallet_id: UUID | None = None,
        misfit: bool | None = None,
    ) -> Sequence[Any]:
        """With whose they are, the newest first."""
        found = WITH_OWNER
        if status is not None:
            found = found.where(Payment.status == status)
        if provider is not None:
            found = found.where(Payment.provider == provider)
        if wallet_id is not None:
            found = found.where(Payment.wallet_id == wallet_id)
        if misfit is not None:
            found = found.where(Payment.misfit.is_not(None) if misfit else Payment.misfit.is_(None))
        return await self._connection.rows(NEWEST.page(found, keys, rows))

    async def find(self, payment_id: UUID) -> Any:
        """As ``page`` has it. None where there is none."""
        return await self._connection.row(WITH_OWNER.where(Payment.id == payment_id))
