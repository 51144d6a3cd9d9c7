"""Money that fits nothing of ours: where it lies, and what becomes of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Text, Uuid, bindparam, cast, exists, func, literal_column, select, update

from persistence.engine.due import taken_up
from persistence.engine.keyset import Keyset
from persistence.engine.statements import insertion
from persistence.models import LedgerTransfer, Stray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.money.payments import PaymentState, StrayState
    from persistence.engine.connection import Connection

TIME = DateTime(timezone=True)
Row = Stray
_NOW, _DUE = bindparam("now", type_=TIME), bindparam("due", type_=TIME)
_THIS, _HELD = Row.id == bindparam("stray"), Row.state == "HELD"
_kept = insertion(Row, "provider", "ref", "alias", "payment_id", "amount", "currency")
KEPT = _kept.on_conflict_do_update(
    index_elements=["provider", "ref"], set_={"alias": func.coalesce(Row.alias, _kept.excluded.alias)}
)
OF_SESSION = select(Row).where(Row.provider == bindparam("provider"), Row.ref == bindparam("ref")).with_for_update()
FOUND = select(Row).where(Row.id == bindparam("stray"))
CHARGED = update(Row).where(_THIS).values(fee=bindparam("fee_", type_=BigInteger))
CREDITED = (
    update(Row)
    .where(_THIS, _HELD, Row.away == literal_column("0"))
    .values(state="CREDITED", wallet_id=bindparam("wallet", type_=Uuid), settled_at=_NOW)
    .returning(Row)
)
ASKED_BACK = (
    update(Row)
    .where(_THIS, _HELD)
    .values(state="RETURNING", refund_id=bindparam("refund", type_=Uuid), asked_at=_NOW, due_at=_DUE)
    .returning(Row)
)
HELD_AGAIN = update(Row).where(_THIS, Row.state == "RETURNING").values(state="HELD", due_at=_DUE)
CAME_BACK = (
    update(Row)
    .where(_THIS, Row.state == "RETURNED")
    .values(state="HELD", settled_at=None, due_at=_DUE, came_back=Row.came_back + 1)
    .returning(Row)
)
CREDITED_AGAIN = (
    update(Row)
    .where(_THIS, Row.state == "RETURNED", Row.wallet_id.is_not(None))
    .values(state="CREDITED", settled_at=_NOW, due_at=_DUE, undone=Row.undone + 1)
)
AWAY = update(Row).where(_THIS).values(away=bindparam("away_", type_=BigInteger))
HAS_FEE = select(exists().where(LedgerTransfer.key == bindparam("key", type_=Text)))
RETURNED = update(Row).where(_THIS).values(state="RETURNED", settled_at=_NOW, due_at=_DUE)
LOOK_AGAIN = update(Row).where(_THIS).values(due_at=_DUE)
TAKEN_UP = taken_up(Row, Row)
LEAVING = select(cast(func.coalesce(func.sum(Row.amount), 0), BigInteger)).where(
    Row.provider == bindparam("provider"), Row.state == literal_column("'RETURNING'")
)
NEWEST = Keyset(Row.created_at.desc(), Row.id.desc())


class Strays:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def keep(self, provider: str, state: PaymentState, payment_id: UUID | None) -> Stray:
        """The row of a session whose money fits nothing, made now or before, and held."""
        named = {"provider": provider, "ref": state.ref}
        of = {"payment_id": payment_id, "amount": state.amount, "currency": state.currency, "alias": state.alias}
        await self._connection.execute(KEPT, **named, **of)
        return await self._connection.scalar_one(OF_SESSION, **named)

    async def leaving(self, provider: str) -> int:
        """How much of it a provider is giving back now."""
        return int(await self._connection.scalar_one(LEAVING, provider=provider))

    async def find(self, stray_id: UUID) -> Stray | None:
        return await self._connection.scalar(FOUND, stray=stray_id)

    async def charge(self, stray_id: UUID, fee: int) -> None:
        await self._connection.execute(CHARGED, stray=stray_id, fee_=fee)

    async def credit(self, stray_id: UUID, wallet_id: UUID, now: datetime) -> Stray | None:
        """None for what is not held, or is not all there."""
        return await self._connection.scalar(CREDITED, stray=stray_id, wallet=wallet_id, now=now)

    async def ask_back(self, stray_id: UUID, refund_id: UUID, now: datetime, due_at: datetime) -> Stray | None:
        """None for what is not held."""
        return await self._connection.scalar(ASKED_BACK, stray=stray_id, refund=refund_id, now=now, due=due_at)

    async def hold_again(self, stray_id: UUID, due_at: datetime) -> None:
        """It was not given back after all."""
        await self._connection.execute(HELD_AGAIN, stray=stray_id, due=due_at)

    async def end(self, stray_id: UUID, now: datetime, due_at: datetime | None) -> None:
        """It went back to who paid."""
        await self._connection.execute(RETURNED, stray=stray_id, now=now, due=due_at)

    async def come_back(self, stray_id: UUID, due_at: datetime | None) -> Stray:
        """It went back, and is ours again."""
        return await self._connection.scalar_one(CAME_BACK, stray=stray_id, due=due_at)

    async def credit_again(self, stray_id: UUID, now: datetime, due_at: datetime | None) -> None:
        """It went back after staff had given it to a wallet, and is the wallet's again."""
        await self._connection.execute(CREDITED_AGAIN, stray=stray_id, now=now, due=due_at)

    async def note_away(self, stray_id: UUID, amount: int) -> None:
        await self._connection.execute(AWAY, stray=stray_id, away_=amount)

    async def has_fee(self, dispute_id: UUID) -> bool:
        """Whether the fee of a dispute that has no row is booked."""
        return bool(await self._connection.scalar(HAS_FEE, key=f"dispute-fee:{dispute_id}"))

    async def look_again(self, stray_id: UUID, due_at: datetime | None) -> None:
        await self._connection.execute(LOOK_AGAIN, stray=stray_id, due=due_at)

    async def take_up(self, now: datetime, again: timedelta, most: int) -> Sequence[Stray]:
        """Those of which the provider is to be asked. Nobody else gets them before ``again`` has passed."""
        return await self._connection.scalars(TAKEN_UP, now=now, due=now + again, most=most)

    async def page(self, keys: Sequence[Any] | None, rows: int, *, state: StrayState | None = None) -> Sequence[Stray]:
        """The newest first."""
        found = select(Row)
        if state is not None:
            found = found.where(Row.state == state)
        return await self._connection.scalars(NEWEST.page(found, keys, rows))
