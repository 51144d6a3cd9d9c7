"""Disputes: payers who told their banks that a payment was not as it should be.

Whoever writes one holds its payment.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, DateTime, Integer, and_, bindparam, case, cast, func, or_, select, update

from persistence.engine.keyset import Keyset
from persistence.engine.statements import insertion
from persistence.models import Payment, PaymentDispute

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.money.payments import DisputeState
    from persistence.engine.connection import Connection

Row = PaymentDispute
MOST = 100
KEPT = insertion(Row, "payment_id", "wallet_id", "provider", "ref", "amount").on_conflict_do_nothing(
    index_elements=["provider", "ref"]
)
HELD = select(Row).where(Row.provider == bindparam("provider"), Row.ref == bindparam("ref")).with_for_update()
_TAKEN = bindparam("taken", type_=Boolean)
_RETURNED = bindparam("returned", type_=Boolean)
_CLOSED = bindparam("closed", type_=Boolean)
NOTED = (
    update(Row)
    .where(Row.id == bindparam("dispute"))
    .values(
        taken_at=case(
            (_TAKEN, func.coalesce(Row.taken_at, bindparam("now", type_=DateTime(timezone=True)))), else_=Row.taken_at
        ),
        returned_at=case(
            (_RETURNED, func.coalesce(Row.returned_at, bindparam("now", type_=DateTime(timezone=True)))),
            else_=Row.returned_at,
        ),
        closed_at=case(
            (_CLOSED, func.coalesce(Row.closed_at, bindparam("now", type_=DateTime(timezone=True)))),
            else_=Row.closed_at,
        ),
    )
)
_OF_PAYMENT = select(func.sum(Row.amount)).where(
    Row.payment_id == bindparam("payment"),
    Row.taken_at.is_not(None),
    Row.returned_at.is_(None),
)
CONTESTED = (
    update(Payment)
    .where(Payment.id == bindparam("payment"))
    .values(disputed=func.least(Payment.amount, cast(func.coalesce(_OF_PAYMENT.scalar_subquery(), 0), BigInteger)))
)
UNDECIDED = select(Row.id).where(Row.closed_at.is_(None)).limit(1)
UNDECIDED_OF_WALLET = UNDECIDED.where(Row.wallet_id == bindparam("wallet_id"))
UNDECIDED_OF_PAYMENT = UNDECIDED.where(Row.payment_id == bindparam("payment_id"))
STANDING = (
    select(Row.id)
    .where(
        Row.payment_id == bindparam("payment_id"),
        or_(
            Row.closed_at.is_(None),
            and_(Row.taken_at.is_not(None), Row.returned_at.is_(None)),
        ),
    )
    .limit(1)
)
OF_PAYMENT = (
    select(Row).where(Row.payment_id == bindparam("payment_id")).order_by(Row.created_at.desc(), Row.id).limit(MOST)
)
_decided = cast(Row.closed_at.is_not(None), Integer)
OPEN_FIRST = Keyset(_decided.asc(), Row.created_at.desc(), Row.id.desc())


class Disputes:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def keep(self, payment: Payment, told: DisputeState) -> PaymentDispute:
        """The row of it, made now or before, as it was, and held."""
        named = {"provider": payment.provider, "ref": told.ref}
        of = {"payment_id": payment.id, "wallet_id": payment.wallet_id, "amount": told.amount}
        await self._connection.execute(KEPT, **named, **of)
        return await self._connection.scalar_one(HELD, **named)

    async def note(self, row: PaymentDispute, told: DisputeState, now: datetime) -> None:
        said = {"taken": told.taken, "returned": told.returned, "closed": told.closed}
        await self._connection.execute(NOTED, dispute=row.id, now=now, **said)
        await self._connection.execute(CONTESTED, payment=row.payment_id)

    async def any_undecided(self, wallet_id: UUID) -> bool:
        """Of the payments of a wallet."""
        return await self._connection.scalar(UNDECIDED_OF_WALLET, wallet_id=wallet_id) is not None

    async def is_undecided(self, payment_id: UUID) -> bool:
        return await self._connection.scalar(UNDECIDED_OF_PAYMENT, payment_id=payment_id) is not None

    async def stands(self, payment_id: UUID) -> bool:
        """Whether a dispute of the payment is open, or was lost."""
        return await self._connection.scalar(STANDING, payment_id=payment_id) is not None

    async def of_payment(self, payment_id: UUID) -> Sequence[PaymentDispute]:
        """The newest first."""
        return await self._connection.scalars(OF_PAYMENT, payment_id=payment_id)

    async def page(self, keys: Sequence[Any] | None, rows: int) -> Sequence[Any]:
        """Those that are open first, the newest of each first."""
        return await self._connection.rows(OPEN_FIRST.page(select(Row, _decided.label("decided")), keys, rows))
