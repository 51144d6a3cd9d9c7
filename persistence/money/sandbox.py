"""The book of the sandbox that plays a payment provider."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Uuid, bindparam, cast, func, select, update

from domain.money.sandbox import Session, change, refusal_of
from persistence.engine.statements import insertion
from persistence.models import SandboxMovement, SandboxPayment, SandboxRefund

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.money.payments import Order, RefundOrder
    from domain.money.sandbox import Action
    from persistence.engine.connection import Connection

Row, Line, Back = SandboxPayment, SandboxMovement, SandboxRefund
TIME = DateTime(timezone=True)
OPENED = insertion(Row, "key", "payment_id", "amount", "currency", "return_url", "expires_at").on_conflict_do_nothing(
    index_elements=["key"]
)
OF_KEY = select(Row).where(Row.key == bindparam("key"))


_of_it = select(func.sum(-Line.amount)).where(Line.sandbox_id == Row.id, Line.kind == "DISPUTE").scalar_subquery()
FOUND = select(
    Row.id, Row.payment_id, Row.amount, Row.currency, Row.return_url, Row.status, Row.dispute, Row.expires_at,
    cast(func.coalesce(_of_it, 0), BigInteger).label("disputed"),
).where(Row.id == bindparam("sandbox_id"))  # fmt: skip
HELD = FOUND.with_for_update(of=Row)
REFUNDS = (
    select(Back.id, Back.refund_id, Back.amount, Back.status)
    .where(Back.sandbox_id == bindparam("sandbox_id"))
    .order_by(Back.created_at, Back.id)
)
REFUND_OF_KEY = select(Back).where(Back.key == bindparam("key"))
_back = ("sandbox_id", "key", "refund_id", "amount", "status")
REFUNDED = insertion(Back, *_back).returning(Back)
REFUND_CHANGED = update(Back).where(Back.id == bindparam("refund", type_=Uuid)).values(status=bindparam("status_"))
CHANGED = (
    update(Row)
    .where(Row.id == bindparam("sandbox_id"))
    .values(status=bindparam("status_"), dispute=bindparam("dispute_"))
)
MOVED = insertion(Line, "sandbox_id", "kind", "amount")
LINES = (
    select(Line.sandbox_id, Line.kind, Line.amount)
    .where(Line.created_at >= bindparam("begin", type_=TIME), Line.created_at < bindparam("end", type_=TIME))
    .order_by(Line.created_at, Line.id)
)


class SandboxPaymentRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def open(self, order: Order) -> SandboxPayment:
        """The session that was made under the key, now or before."""
        await self._connection.execute(
            OPENED, key=order.key, payment_id=order.payment_id, amount=order.amount, currency=order.currency,
            return_url=order.return_url, expires_at=order.expires_at,
        )  # fmt: skip
        return await self._connection.scalar_one(OF_KEY, key=order.key)

    async def of_key(self, key: str) -> SandboxPayment | None:
        found: SandboxPayment | None = await self._connection.scalar(OF_KEY, key=key)
        return found

    async def find(self, sandbox_id: UUID) -> Session | None:
        return await self._session(FOUND, sandbox_id)

    async def act(self, sandbox_id: UUID, action: Action, now: datetime) -> bool:
        """False where that cannot be done to it, or there is none."""
        session = await self._session(HELD, sandbox_id)
        made = None if session is None else change(session, action, now)
        if made is None:
            return False
        await self._connection.execute(CHANGED, sandbox_id=sandbox_id, status_=made.status, dispute_=made.dispute)
        for kind, amount in made.moved:
            await self._connection.execute(MOVED, sandbox_id=sandbox_id, kind=kind, amount=amount)
        for refund_id, status in made.refunds.items():
            await self._connection.execute(REFUND_CHANGED, refund=refund_id, status_=status)
        if made.refunded:
            given = {"sandbox_id": sandbox_id, "amount": made.refunded, "status": "DONE"}
            await self._connection.execute(REFUNDED, key=None, refund_id=None, **given)
        return True

    async def refund(self, sandbox_id: UUID, order: RefundOrder) -> SandboxRefund | str:
        """The refund that was made under the key, now or before, or why there is none."""
        session = await self._session(HELD, sandbox_id)
        known = await self._connection.scalar(REFUND_OF_KEY, key=order.key)
        if known is not None:
            return "the key was used for another amount" if known.amount != order.amount else known
        refusal = "there is no such session" if session is None else refusal_of(session, order.amount)
        if refusal is not None:
            return refusal
        given = {"sandbox_id": sandbox_id, "amount": order.amount, "status": "OPEN"}
        return await self._connection.scalar_one(REFUNDED, key=order.key, refund_id=order.refund_id, **given)

    async def _session(self, statement: Any, sandbox_id: UUID) -> Session | None:
        row = await self._connection.row(statement, sandbox_id=sandbox_id)
        if row is None:
            return None
        return Session(row, await self._connection.rows(REFUNDS, sandbox_id=sandbox_id), row.disputed)

    async def lines(self, begin: datetime, end: datetime) -> Sequence[Any]:
        return await self._connection.rows(LINES, begin=begin, end=end)
