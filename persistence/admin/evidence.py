"""What shows who made a disputed payment, for staff that contests the dispute. Nothing is written here."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import DateTime, Uuid, bindparam, exists, func, select, union_all

from domain.admin.money.evidence import (
    AROUND,
    METHODS,
    MOST_CONSENTS,
    MOST_LINES,
    MOST_SESSIONS,
    MOST_SIGN_INS,
    OF_TERMS,
    Disputed,
    Kept,
)
from persistence.models import (
    AuditLog,
    ConsentRecord,
    LedgerTransfer,
    Payment,
    PaymentDispute,
    Session,
    User,
    Wallet,
    WalletActivity,
)

if TYPE_CHECKING:
    from persistence.engine.connection import Connection

TIME = DateTime(timezone=True)
_USER, _WALLET = (bindparam(name, type_=Uuid) for name in ("user_id", "wallet_id"))
_MOMENT, _SINCE, _UNTIL = (bindparam(name, type_=TIME) for name in ("moment", "since", "until_"))
_verified_at = (
    select(AuditLog.created_at)
    .where(AuditLog.actor_id == User.id, AuditLog.action == "auth.verify_email.success")
    .order_by(AuditLog.created_at)
    .limit(1)
    .scalar_subquery()
)
FOUND = (
    select(PaymentDispute, Payment, User, _verified_at)
    .join(Payment, Payment.id == PaymentDispute.payment_id)
    .join(Wallet, Wallet.id == Payment.wallet_id)
    .join(User, User.id == Wallet.user_id)
    .where(PaymentDispute.id == bindparam("dispute_id"))
)
CONSENTS = (
    select(ConsentRecord)
    .where(ConsentRecord.user_id == _USER, ConsentRecord.kind.in_(OF_TERMS), ConsentRecord.created_at <= _MOMENT)
    .order_by(ConsentRecord.created_at.desc(), ConsentRecord.id)
    .limit(MOST_CONSENTS)
)


def _sign_ins(*when: Any, order: Any) -> Any:
    """Of one side of the payment, the nearest."""
    told = select(AuditLog.id, AuditLog.created_at, AuditLog.action, AuditLog.target_id, AuditLog.ip_prefix)
    own = told.where(AuditLog.actor_id == _USER, AuditLog.action.in_(METHODS), *when)
    return select(own.order_by(order).limit(MOST_SIGN_INS).subquery())


# The audit log keeps them for good, with a network: sessions are gone long before a dispute may come.
_both = union_all(
    _sign_ins(AuditLog.created_at.between(_SINCE, _MOMENT), order=AuditLog.created_at.desc()),
    _sign_ins(AuditLog.created_at > _MOMENT, AuditLog.created_at <= _UNTIL, order=AuditLog.created_at),
).subquery()
SIGN_INS = select(_both).order_by(_both.c.created_at, _both.c.id)
SESSIONS = (
    select(Session)
    .where(Session.user_id == _USER, Session.created_at <= _UNTIL, Session.last_active_at >= _SINCE)
    .order_by(Session.created_at > _MOMENT, Session.created_at.desc(), Session.id)
    .limit(MOST_SESSIONS)
)
EARLIER = select(func.count(), func.min(Payment.paid_at), func.max(Payment.paid_at)).where(
    Payment.wallet_id == _WALLET,
    Payment.status == "PAID",
    Payment.paid_at < _MOMENT,
    Payment.id != bindparam("payment_id"),
    ~exists().where(PaymentDispute.payment_id == Payment.id),
)
_credited = (
    select(WalletActivity.seq)
    .join(LedgerTransfer, LedgerTransfer.id == WalletActivity.transfer_id)
    .where(WalletActivity.wallet_id == _WALLET, LedgerTransfer.key == bindparam("load"))
    .scalar_subquery()
)
LINES = (
    select(WalletActivity)
    .where(WalletActivity.wallet_id == _WALLET, WalletActivity.seq > _credited)
    .order_by(WalletActivity.seq)
    .limit(MOST_LINES)
)


class Evidence:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, dispute_id: UUID) -> Disputed | None:
        row = await self._connection.row(FOUND, dispute_id=dispute_id)
        return None if row is None else Disputed(*row)

    async def kept(self, found: Disputed) -> Kept:
        """As much as there is, and no more than staff is shown."""
        payment, moment = found.payment, found.moment
        own: dict[str, Any] = {"user_id": found.user.id}
        near: dict[str, datetime] = {"moment": moment, "since": moment - AROUND, "until_": moment + AROUND}
        wallet: dict[str, Any] = {"wallet_id": payment.wallet_id}
        return Kept(
            consents=await self._connection.scalars(CONSENTS, **own, moment=moment),
            sign_ins=await self._connection.rows(SIGN_INS, **own, **near),
            sessions=await self._connection.scalars(SESSIONS, **own, **near),
            earlier=await self._connection.one(EARLIER, **wallet, moment=moment, payment_id=payment.id),
            lines=await self._connection.scalars(LINES, **wallet, load=f"load:{payment.id}"),
        )
