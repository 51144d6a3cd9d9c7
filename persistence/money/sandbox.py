"""The book of the sandbox that plays a payment provider."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import DateTime, bindparam, exists, select, update

from domain.money.sandbox import change
from persistence.engine.statements import insertion
from persistence.models import SandboxMovement, SandboxPayment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.money.payments import Order
    from domain.money.sandbox import Action
    from persistence.engine.connection import Connection

Row, Line = SandboxPayment, SandboxMovement
TIME = DateTime(timezone=True)
OPENED = insertion(Row, "key", "payment_id", "amount", "currency", "return_url", "expires_at").on_conflict_do_nothing(
    index_elements=["key"]
)
OF_KEY = select(Row).where(Row.key == bindparam("key"))


def _moved(kind: str) -> Any:
    return exists().where(Line.sandbox_id == Row.id, Line.kind == kind)


FOUND = select(
    Row.id, Row.payment_id, Row.amount, Row.currency, Row.return_url, Row.status, Row.dispute, Row.expires_at,
    _moved("REFUND").label("refunded"),
).where(Row.id == bindparam("sandbox_id"))  # fmt: skip
HELD = FOUND.with_for_update(of=Row)
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

    async def find(self, sandbox_id: UUID) -> Any:
        return await self._connection.row(FOUND, sandbox_id=sandbox_id)

    async def act(self, sandbox_id: UUID, action: Action, now: datetime) -> bool:
        """False where that cannot be done to it, or there is none."""
        row = await self._connection.row(HELD, sandbox_id=sandbox_id)
        made = None if row is None else change(row, action, now)
        if made is None:
            return False
        await self._connection.execute(CHANGED, sandbox_id=sandbox_id, status_=made.status, dispute_=made.dispute)
        for kind, amount in made.moved:
            await self._connection.execute(MOVED, sandbox_id=sandbox_id, kind=kind, amount=amount)
        return True

    async def lines(self, begin: datetime, end: datetime) -> Sequence[Any]:
        return await self._connection.rows(LINES, begin=begin, end=end)
