"""What is given back of payments: refunds that staff asked for, and those that were made at a provider.

Whoever writes one holds its payment.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Text, Uuid, bindparam, case, cast, exists, func, or_, select, update

from domain.money.refunds import Later
from persistence.engine.due import taken_up
from persistence.engine.statements import insertion
from persistence.models import LedgerEntry, LedgerTransfer, Payment, Refund

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.money.ledger import WalletName
    from domain.money.payments import RefundFailedFor, RefundState, RefundStatus
    from domain.money.refunds import Source
    from persistence.engine.connection import Connection

TIME = DateTime(timezone=True)
_NOW, _DUE = bindparam("now", type_=TIME), bindparam("due", type_=TIME)
# What is left of a payment is judged by the statement that takes of it.
LESS = (
    update(Payment)
    .where(
        Payment.id == bindparam("payment"),
        Payment.refunded + Payment.disputed + bindparam("back", type_=BigInteger) <= Payment.amount,
    )
    .values(refunded=Payment.refunded + bindparam("back", type_=BigInteger))
    .returning(Payment.id)
)
ASKED = insertion(
    Refund, "payment_id", "provider", "amount", "status", "requested_by", "reason", "settled_at", "due_at"
).returning(Refund)
_OF_REF = Refund.provider == bindparam("provider"), Refund.ref == bindparam("ref_")
HELD_BY_REF = select(Refund).where(*_OF_REF).with_for_update()
HELD = select(Refund).where(Refund.id == bindparam("refund_id")).with_for_update()
# One that was given up before it was known there is none of ours any more: its money went back.
BOUND = (
    update(Refund)
    .where(
        Refund.id == bindparam("refund"),
        Refund.payment_id == bindparam("payment"),
        Refund.ref.is_(None),
        Refund.status == "OPEN",
    )
    .values(ref=bindparam("ref_", type_=Text))
    .returning(Refund)
)
MADE_OUTSIDE = insertion(Refund, "payment_id", "provider", "ref", "amount", "status", "settled_at").returning(Refund)
SETTLED = (
    update(Refund)
    .where(Refund.id == bindparam("refund"))
    .values(status=bindparam("status_"), failed_for=bindparam("why", type_=Text), settled_at=_NOW, due_at=None)
)
_of_payment = select(func.sum(Refund.amount)).where(
    Refund.payment_id == bindparam("payment"), Refund.status != "FAILED"
)
_all = cast(func.coalesce(_of_payment.scalar_subquery(), 0), BigInteger)
FITS = select(_all + Payment.disputed <= Payment.amount).where(Payment.id == bindparam("payment"))
COUNTED = update(Payment).where(Payment.id == bindparam("payment")).values(refunded=func.least(Payment.amount, _all))
LOOK_AGAIN = update(Refund).where(Refund.id == bindparam("refund"), Refund.status == "OPEN").values(due_at=_DUE)
TAKEN_UP = taken_up(Refund, Refund.id)
WITH_SESSION = (
    select(Refund, Payment.ref.label("session"), Payment.currency)
    .join(Payment, Payment.id == Refund.payment_id)
    .where(Refund.id == bindparam("refund_id"))
)
MOST = 100
OF_PAYMENT = (
    select(Refund)
    .where(Refund.payment_id == bindparam("payment_id"))
    .order_by(Refund.created_at.desc(), Refund.id)
    .limit(MOST)
)

_SOURCES: Mapping[str, Source] = {
    "load": "PAYMENT",
    "adjust": "ADJUSTMENT",
    "stray-credit": "STRAY",
    "refund-outside": "STRAY",
    "refund-outside-undone": "STRAY",
    "claim": "CLAIM",
    "claim-again": "CLAIM",
}
"""By the kind of the transfer. What else comes in, such as prices of messages, is money that came before."""
_OUTSIDE = ("refund-outside", "refund-outside-undone")
_Of = LedgerTransfer
_KEY, _ACCOUNT = bindparam("key", type_=Text), bindparam("account", type_=Uuid)
_began = (
    select(LedgerEntry.account_version)
    .join(_Of, _Of.id == LedgerEntry.transfer_id)
    .where(_Of.key == _KEY, LedgerEntry.account_id == _ACCOUNT)
)
_loaded = cast(_Of.about_id, Uuid)
# Of a refund that was made at the provider all is counted at once, and taken out of the wallet once it is made.
_leaving = (
    select(cast(func.coalesce(func.sum(Refund.amount), 0), BigInteger))
    .where(Refund.payment_id == _loaded, Refund.status == "OPEN", Refund.requested_by.is_(None))
    .scalar_subquery()
)
_left = select(Payment.amount - Payment.refunded - Payment.disputed).where(Payment.id == _loaded).scalar_subquery()
# Money that staff gave to the wallet may go back as refunds do; those of payments are counted in the payments.
_of_payments = exists().where(
    Refund.provider == func.split_part(_Of.about_id, ":", 1),
    Refund.ref == func.substr(_Of.about_id, func.strpos(_Of.about_id, ":") + 1),
)
LATER = (
    select(
        _Of.kind,
        (_Of.key == _KEY).label("own"),
        case((_Of.kind == "load", func.coalesce(_left, LedgerEntry.amount)), else_=LedgerEntry.amount).label("amount"),
        case((_Of.kind == "load", _leaving), else_=0).label("leaving"),
    )
    .join(_Of, _Of.id == LedgerEntry.transfer_id)
    .where(
        LedgerEntry.account_id == _ACCOUNT,
        LedgerEntry.account_version >= func.coalesce(_began.correlate(None).scalar_subquery(), 0),
        _Of.kind.in_(tuple(_SOURCES)),
        or_(_Of.kind.not_in(_OUTSIDE), ~_of_payments),
    )
    .order_by(LedgerEntry.account_version)
)


class Asked(NamedTuple):
    """A refund with the session of its payment."""

    row: Refund
    session: str
    currency: str


class Refunds:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def ask(self, payment: Payment, amount: int, by: UUID, reason: str, due_at: datetime) -> Refund | None:
        """None where so much is not left of the payment. ``due_at``: when its provider is asked for it again."""
        if await self._connection.scalar(LESS, payment=payment.id, back=amount) is None:
            return None
        return await self._connection.scalar_one(
            ASKED, payment_id=payment.id, provider=payment.provider, amount=amount, status="OPEN",
            requested_by=by, reason=reason, settled_at=None, due_at=due_at,
        )  # fmt: skip

    async def later(self, payment_id: UUID, wallet: WalletName) -> Sequence[Later]:
        """What came into the wallet after the payment's money, in its order. True while both are held."""
        key, account = f"load:{payment_id}", wallet.account("fan").id
        rows = await self._connection.rows(LATER, key=key, account=account)
        came = [Later(_SOURCES[row.kind], row.amount) for row in rows if not row.own]
        return [*came, *(Later("LEAVING", row.leaving) for row in rows if row.leaving)]

    async def asked(self, refund_id: UUID) -> Asked | None:
        row = await self._connection.row(WITH_SESSION, refund_id=refund_id)
        return None if row is None else Asked(row.Refund, row.session, row.currency)

    async def hold(self, refund_id: UUID) -> Refund | None:
        return await self._connection.scalar(HELD, refund_id=refund_id)

    async def told(self, payment: Payment, told: RefundState) -> Refund:
        """The row of what a provider tells, held and as it was: one of ours, or one that was made there."""
        known = await self._connection.scalar(HELD_BY_REF, provider=payment.provider, ref_=told.ref)
        if known is None and told.refund_id is not None:
            known = await self._connection.scalar(BOUND, refund=told.refund_id, payment=payment.id, ref_=told.ref)
        if known is None:
            known = await self._connection.scalar_one(
                MADE_OUTSIDE, payment_id=payment.id, provider=payment.provider, ref=told.ref, amount=told.amount,
                status="OPEN", settled_at=None,
            )  # fmt: skip
            await self._connection.execute(COUNTED, payment=payment.id)
        return known

    async def fit(self, payment_id: UUID) -> bool:
        """Whether all refunds of the payment that have not failed, and what was disputed, are no more than it had."""
        return bool(await self._connection.scalar_one(FITS, payment=payment_id))

    async def settle(self, refund: Refund, status: RefundStatus, why: RefundFailedFor, now: datetime) -> None:
        """``DONE``, or ``FAILED`` with why."""
        await self._connection.execute(SETTLED, refund=refund.id, status_=status, why=why, now=now)
        await self._connection.execute(COUNTED, payment=refund.payment_id)

    async def look_again(self, refund_id: UUID, due_at: datetime) -> None:
        await self._connection.execute(LOOK_AGAIN, refund=refund_id, due=due_at)

    async def take_up(self, now: datetime, again: timedelta, most: int) -> Sequence[UUID]:
        """Those of which the provider is to be asked. Nobody else gets them before ``again`` has passed."""
        return await self._connection.scalars(TAKEN_UP, now=now, due=now + again, most=most)

    async def of_payment(self, payment_id: UUID) -> Sequence[Refund]:
        """The newest first."""
        return await self._connection.scalars(OF_PAYMENT, payment_id=payment_id)
