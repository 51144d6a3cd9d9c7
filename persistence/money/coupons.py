"""Coupons and their reservations.

Who reserves holds the coupon, so that limits are counted by one at a time. Who uses or releases a reservation holds
that alone: nobody who pays waits for a coupon that many want. Lock order: coupon, reservations.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Text, Uuid, bindparam, cast, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.money.coupons import Counted, Reservation
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.engine.statements import insertion
from persistence.models import Coupon, CouponUsage, Payment

Row, Usage = Coupon, CouponUsage
NEWEST = Keyset(Row.created_at.desc(), Row.id.desc())
BY_CODE = select(Row).where(Row.code == bindparam("code", type_=Text)).with_for_update(key_share=True)
BY_ID = select(Row).where(Row.id == bindparam("coupon_id")).with_for_update(key_share=True)
_told = (Usage.id, Usage.applies_to, Usage.amount, Usage.discount, Usage.expires_at)
_counted = (Usage.coupon_id == bindparam("coupon_id"), Usage.status.in_(("RESERVED", "USED")))
OWN = (
    select(*_told)
    .where(Usage.coupon_id == bindparam("coupon_id"), Usage.user_id == bindparam("user_id"), Usage.status == "RESERVED")
    .with_for_update(key_share=True)
)
# Whoever is paying with one that ran out meanwhile holds it, and keeps its place.
_ran_out = (
    select(Usage.id)
    .where(Usage.status == "RESERVED", Usage.expires_at <= bindparam("now"))
    .with_for_update(skip_locked=True, key_share=True)
)


def _freeing(ran_out: Any) -> Any:
    freed = update(Usage).where(Usage.id.in_(select(ran_out.cte("ran_out").c.id)))
    return freed.values(status="EXPIRED", settled_at=bindparam("now", type_=DateTime(timezone=True)))


FREED = _freeing(_ran_out.where(Usage.coupon_id == bindparam("coupon_id", type_=Uuid)))
FREED_OF_ALL = _freeing(_ran_out.order_by(Usage.expires_at, Usage.id).limit(bindparam("most"))).returning(Usage.id)
COUNTED = select(
    select(func.count())
    .select_from(select(literal(1)).where(*_counted).limit(bindparam("most")).subquery())
    .scalar_subquery(),
    select(func.count())
    .select_from(
        select(literal(1))
        .where(*_counted, Usage.user_id == bindparam("user_id"))
        .limit(bindparam("most_own"))
        .subquery()
    )
    .scalar_subquery(),
)
RESERVED = insertion(Usage, "coupon_id", "user_id", "applies_to", "amount", "discount", "expires_at").returning(*_told)
CHANGED = (
    update(Usage)
    .where(Usage.id == bindparam("usage_id"))
    .values(
        applies_to=bindparam("use"),
        amount=cast(bindparam("price"), BigInteger),
        discount=cast(bindparam("off"), BigInteger),
    )
    .returning(*_told)
)
HELD = (
    select(Usage.discount)
    .where(
        Usage.id == bindparam("usage_id"),
        Usage.user_id == bindparam("user_id"),
        Usage.status == "RESERVED",
        Usage.applies_to == bindparam("applies_to"),
        Usage.amount == bindparam("amount"),
    )
    .with_for_update(key_share=True)
)
_bound = select(literal(1)).where(Payment.coupon_usage_id == bindparam("usage_id")).exists()
BOUND = select(_bound)
# Its owner is held: of several calls at once one is the first.
KEPT = (
    update(Usage)
    .where(
        Usage.id == bindparam("usage_id"),
        Usage.user_id == bindparam("of_user"),
        Usage.status == "RESERVED",
        Usage.applies_to == bindparam("use"),
        Usage.amount == bindparam("price"),
        Usage.expires_at > bindparam("now", type_=DateTime(timezone=True)),
        ~_bound,
    )
    .values(expires_at=func.greatest(Usage.expires_at, bindparam("until", type_=DateTime(timezone=True))))
    .returning(Usage.discount)
)
_used = {"status": "USED", "settled_at": func.now()}
REDEEMED = (
    update(Usage)
    .where(Usage.id == bindparam("usage_id"), Usage.status == "RESERVED")
    .values(**_used)
    .returning(Usage.discount)
)
COUPON_OF = (
    select(Coupon)
    .join(Usage, Usage.coupon_id == Coupon.id)
    .where(Usage.id == bindparam("usage_id"))
    .with_for_update(of=Coupon, key_share=True)
)
REVIVED = (
    update(Usage)
    .where(Usage.id == bindparam("usage_id"), Usage.status.in_(("RELEASED", "EXPIRED")))
    .values(**_used)
    .returning(Usage.discount)
)
USED = (
    update(Usage)
    .where(Usage.id == bindparam("usage_id"), Usage.status == "RESERVED")
    .values(status="USED", settled_at=func.now())
    .returning(Usage.id)
)
RELEASED = (
    update(Usage)
    .where(Usage.id == bindparam("usage_id"), Usage.status.in_(("RESERVED", "USED")))
    .values(status="RELEASED", settled_at=func.now())
)
IN_USE = select(select(literal(1)).where(*_counted).exists())


class Coupons:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(self, keys: Sequence[Any] | None, rows: int, active: bool | None) -> Sequence[Coupon]:
        """The newest first."""
        found = select(Row)
        if active is not None:
            found = found.where(Row.active.is_(active))
        return await self._connection.scalars(NEWEST.page(found, keys, rows))

    async def add(self, columns: Mapping[str, Any]) -> Coupon | None:
        """None where there is one with that code."""
        made = insert(Row).values(**columns).on_conflict_do_nothing().returning(Row)
        return await self._connection.scalar(made)

    async def hold(self, coupon_id: UUID) -> Coupon | None:
        return await self._connection.scalar(BY_ID, coupon_id=coupon_id)

    async def hold_by_code(self, code: str) -> Coupon | None:
        """Nobody else reserves it until the unit ends."""
        return await self._connection.scalar(BY_CODE, code=code)

    async def change(self, coupon_id: UUID, columns: Mapping[str, Any]) -> Coupon:
        """One that is held."""
        moved = update(Row).where(Row.id == coupon_id).values(**columns, version=Row.version + 1)
        return await self._connection.scalar_one(moved.returning(Row))

    async def in_use(self, coupon_id: UUID) -> bool:
        """Whether somebody has reserved or used it."""
        return bool(await self._connection.scalar(IN_USE, coupon_id=coupon_id))

    # ── Reservations of a coupon that is held ──

    async def own(self, coupon_id: UUID, user_id: UUID) -> Reservation | None:
        """The reservation of this person, which may have run out. Whoever is paying with it is waited for."""
        row = await self._connection.row(OWN, coupon_id=coupon_id, user_id=user_id)
        return None if row is None else Reservation(*row)

    async def free(self, coupon_id: UUID, now: datetime) -> None:
        """Those that ran out have no place any more."""
        await self._connection.execute(FREED, coupon_id=coupon_id, now=now)

    async def count(self, coupon: Coupon, user_id: UUID) -> Counted:
        """What there is no limit of is not counted."""
        most, most_own = coupon.max_uses or 0, coupon.max_uses_per_user or 0
        row = await self._connection.one(COUNTED, coupon_id=coupon.id, user_id=user_id, most=most, most_own=most_own)
        return Counted(*row)

    async def reserve(
        self, coupon_id: UUID, user_id: UUID, applies_to: str, amount: int, discount: int, expires_at: datetime
    ) -> Reservation:
        row = await self._connection.one(
            RESERVED, coupon_id=coupon_id, user_id=user_id, applies_to=applies_to, amount=amount, discount=discount,
            expires_at=expires_at,
        )  # fmt: skip
        return Reservation(*row)

    async def change_reservation(self, usage_id: UUID, applies_to: str, amount: int, discount: int) -> Reservation:
        row = await self._connection.one(CHANGED, usage_id=usage_id, use=applies_to, price=amount, off=discount)
        return Reservation(*row)

    # ── What becomes of a reservation ──

    async def discount(self, usage_id: UUID, user_id: UUID, applies_to: str, amount: int) -> int | None:
        """What a reservation takes off, which is held until the unit ends. None where it is none for this."""
        return await self._connection.scalar(
            HELD, usage_id=usage_id, user_id=user_id, applies_to=applies_to, amount=amount
        )

    async def use(self, usage_id: UUID) -> None:
        """One that is held."""
        await self._connection.execute(USED, usage_id=usage_id)

    async def keep(
        self, usage_id: UUID, user_id: UUID, applies_to: str, amount: int, now: datetime, until: datetime
    ) -> int | None:
        """What a reservation takes off that stays until then. None where it is none for this, or a payment has it."""
        return await self._connection.scalar(
            KEPT, usage_id=usage_id, of_user=user_id, use=applies_to, price=amount, now=now, until=until
        )

    async def is_bound(self, usage_id: UUID) -> bool:
        """Whether a payment has it, or had it. True until the unit ends where the reservation is held."""
        return bool(await self._connection.scalar(BOUND, usage_id=usage_id))

    async def redeem(self, usage_id: UUID) -> int | None:
        """Use a reservation, however long ago it should have run out. What it takes off; None where it is none."""
        return await self._connection.scalar(REDEEMED, usage_id=usage_id)

    async def hold_coupon_of(self, usage_id: UUID) -> Coupon:
        return await self._connection.scalar_one(COUPON_OF, usage_id=usage_id)

    async def revive(self, usage_id: UUID) -> int | None:
        """Use what had ended unused. The coupon is held, and has room."""
        return await self._connection.scalar(REVIVED, usage_id=usage_id)

    async def release(self, usage_id: UUID) -> None:
        """Its place is free; nothing where it was before."""
        await self._connection.execute(RELEASED, usage_id=usage_id)

    async def free_all(self, now: datetime, most: int) -> int:
        """How many had run out."""
        return len(await self._connection.scalars(FREED_OF_ALL, now=now, most=most))
