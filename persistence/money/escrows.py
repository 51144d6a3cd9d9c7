"""Prices that wait for an answer. Each is settled once: whoever comes second finds it settled."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, all_, bindparam, select, update

from domain.money.amounts import USD
from domain.money.escrows import HELD, Order, Outcome, Status
from domain.money.flows import Parts
from persistence.engine.connection import Connection
from persistence.engine.statements import insertion
from persistence.models import Escrow

Row = Escrow
HOLD = insertion(
    Row, "id", "message_id", "fan_id", "creator_user_id", "currency", "price", "promo", "paid", "coupon",
    "commission_bps", "deadline", "coupon_usage_id",
)  # fmt: skip
SETTLE = (
    update(Row)
    .where(Row.id == bindparam("escrow_id"), Row.status == HELD)
    .values(status=bindparam("to"), outcome=bindparam("why"), settled_at=bindparam("now"))
    .returning(Row)
)
MOST = 1000
HELD_BY = (
    select(Row.id, Row.paid)
    .where(Row.fan_id == bindparam("fan_id"), Row.status == HELD, Row.paid > 0)
    .order_by(Row.created_at.desc(), Row.id.desc())
    .limit(MOST)
)
DUE = (
    select(Row.id)
    .where(
        Row.status == HELD,
        Row.deadline <= bindparam("now"),
        Row.id != all_(bindparam("but", type_=ARRAY(Uuid))),
    )
    .order_by(Row.deadline, Row.id)
    .limit(bindparam("most"))
)


class Escrows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def hold(self, order: Order, parts: Parts) -> None:
        """Raises psycopg's UniqueViolation where the message has one that is held."""
        await self._connection.execute(
            HOLD, id=order.id, message_id=order.message_id, fan_id=order.fan_id,
            creator_user_id=order.creator_user_id, currency=USD, price=order.price, promo=parts.promo,
            paid=parts.fan, coupon=parts.coupon, commission_bps=order.commission_bps, deadline=order.deadline,
            coupon_usage_id=order.coupon_usage_id,
        )  # fmt: skip

    async def settle(self, escrow_id: UUID, to: Status, why: Outcome, now: datetime) -> Escrow | None:
        """None where it is settled already, or there is none. Who waits here for another one finds it settled."""
        return await self._connection.scalar(SETTLE, escrow_id=escrow_id, to=to, why=why, now=now)

    async def held_by(self, fan_id: UUID) -> Sequence[tuple[UUID, int]]:
        """A fan's prices that wait and were paid with paid-in money, and how much: the newest first, up to ``MOST``."""
        return [(row.id, row.paid) for row in await self._connection.rows(HELD_BY, fan_id=fan_id)]

    async def due(self, now: datetime, but: Sequence[UUID], most: int) -> Sequence[UUID]:
        """Those whose deadline has passed, the longest ago first."""
        return await self._connection.scalars(DUE, now=now, but=list(but), most=most)
