"""Gifts of a wallet. Who changes them holds the wallet (``db.ledger.hold``), as for its accounts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Uuid,
    all_,
    bindparam,
    case,
    cast,
    column,
    func,
    insert,
    select,
    update,
)

from domain.money.escrows import Grant, Source, Spent
from domain.money.ledger import WalletName
from persistence.engine.connection import Connection
from persistence.engine.statements import insertion
from persistence.models import PromoGrant, PromoSpend, Wallet

Row = PromoGrant
GIVEN = insertion(Row, "wallet_id", "source", "source_id", "amount", "remaining", "expires_at").returning(Row.id)
OPEN = (
    select(Row.id, Row.remaining, Row.expires_at)
    .where(Row.wallet_id == bindparam("wallet_id"), Row.remaining > 0)
    .order_by(Row.expires_at.asc().nulls_last(), Row.id)
)
_spent = (
    func.unnest(bindparam("grant_ids", type_=ARRAY(Uuid)), bindparam("amounts", type_=ARRAY(BigInteger)))
    .table_valued(column("id", Uuid), column("amount", BigInteger), name="spent")
    .render_derived()
)
TAKEN = update(Row).where(Row.id == _spent.c.id).values(remaining=Row.remaining - _spent.c.amount).returning(Row.id)
NOTED = insert(PromoSpend).from_select(
    ["escrow_id", "grant_id", "amount"], select(cast(bindparam("escrow_id"), Uuid), _spent.c.id, _spent.c.amount)
)
_until = cast(bindparam("until"), DateTime(timezone=True))
GIVEN_BACK = (
    update(Row)
    .where(PromoSpend.escrow_id == bindparam("escrow_id"), Row.id == PromoSpend.grant_id)
    .values(
        remaining=Row.remaining + PromoSpend.amount,
        expires_at=case((Row.expires_at < _until, _until), else_=Row.expires_at),
    )
    .returning(Row.id)
)
DUE = (
    select(Row.id)
    .where(Row.expires_at <= bindparam("now"), Row.remaining > 0, Row.id != all_(bindparam("but", type_=ARRAY(Uuid))))
    .order_by(Row.expires_at, Row.id)
    .limit(bindparam("most"))
)
OF_GRANT = (
    select(Wallet.user_id, Wallet.type, Wallet.currency)
    .join(Row, Row.wallet_id == Wallet.id)
    .where(Row.id == bindparam("grant_id"))
)
LEFT = select(Row.remaining).where(
    Row.id == bindparam("grant_id"), Row.remaining > 0, Row.expires_at <= bindparam("now")
)
SHORTENED = (
    update(Row)
    .where(Row.source == bindparam("of"), Row.source_id == bindparam("of_id"))
    .values(expires_at=func.least(Row.expires_at, cast(bindparam("now"), DateTime(timezone=True))))
    .returning(Row.id)
)
ENDED = update(Row).where(Row.id == bindparam("grant_id")).values(remaining=0, ended=Row.ended + 1).returning(Row.ended)


class Ended(NamedTuple):
    """``time``: how often it has by then."""

    left: int
    time: int


class Gifts:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def give(
        self, wallet: WalletName, source: Source, source_id: UUID, amount: int, expires_at: datetime | None
    ) -> UUID:
        """``source_id``: what it was given for, which is given for once."""
        return await self._connection.scalar_one(
            GIVEN, wallet_id=wallet.id, source=source, source_id=source_id, amount=amount, remaining=amount,
            expires_at=expires_at,
        )  # fmt: skip

    async def open(self, wallet: WalletName) -> list[Grant]:
        """The soonest to expire first."""
        return [Grant(*row) for row in await self._connection.rows(OPEN, wallet_id=wallet.id)]

    async def spend(self, escrow_id: UUID, spent: Sequence[Spent]) -> None:
        await self.take(spent)
        await self._connection.execute(NOTED, escrow_id=escrow_id, **_columns(spent))

    async def take(self, spent: Sequence[Spent]) -> None:
        """For good, unless it is noted which escrow could give it back, as by ``spend``."""
        await self._connection.execute(TAKEN, **_columns(spent))

    async def give_back(self, escrow_id: UUID, now: datetime, grace: timedelta) -> None:
        """What the escrow was paid of, as it was. What has expired meanwhile, or soon will, lives ``grace`` more."""
        await self._connection.execute(GIVEN_BACK, escrow_id=escrow_id, until=now + grace)

    async def due(self, now: datetime, but: Sequence[UUID], most: int) -> Sequence[UUID]:
        """Gifts that have expired, the longest ago first."""
        return await self._connection.scalars(DUE, now=now, but=list(but), most=most)

    async def wallet_of(self, grant_id: UUID) -> WalletName:
        row = await self._connection.one(OF_GRANT, grant_id=grant_id)
        return WalletName(row.user_id, row.type, row.currency)

    async def close(self, grant: Grant) -> Ended:
        """What was left of a gift that somebody had, whose wallet is held since it was read."""
        return Ended(grant.left, await self._connection.scalar_one(ENDED, grant_id=grant.id))

    async def shorten(self, source: Source, source_id: UUID, now: datetime) -> UUID | None:
        """A gift that ends now, and so does what comes back of it later. None where nothing is left."""
        return await self._connection.scalar(SHORTENED, of=source, of_id=source_id, now=now)

    async def end(self, grant_id: UUID, now: datetime) -> Ended | None:
        """What was left of a gift that has expired; None where nothing is, or it has not. The wallet is held."""
        left = await self._connection.scalar(LEFT, grant_id=grant_id, now=now)
        return Ended(left, await self._connection.scalar_one(ENDED, grant_id=grant_id)) if left else None


def _columns(spent: Sequence[Spent]) -> dict[str, Any]:
    return {"grant_ids": [each.grant_id for each in spent], "amounts": [each.amount for each in spent]}
