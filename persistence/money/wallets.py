"""Wallets as their owners read them, and whether they are frozen. Only the ledger writes what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Integer, bindparam, func, select, update

from domain.money.amounts import USD
from persistence.models import Wallet, WalletActivity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from domain.answers.pages import Page
    from domain.money.ledger import Activity
    from persistence.engine.connection import Connection

Row = WalletActivity
OF_FAN = select(Wallet.id, Wallet.balance, Wallet.shown, Wallet.frozen_for).where(
    Wallet.user_id == bindparam("user_id"), Wallet.type == "FAN", Wallet.currency == USD
)
_OWN = Row.wallet_id == bindparam("wallet_id")
_LIMIT = bindparam("limit", type_=Integer)
# Lines are numbered without gaps: a page begins at its number.
NEWEST = (
    select(Row).where(_OWN, Row.seq <= bindparam("newest", type_=BigInteger)).order_by(Row.seq.desc()).limit(_LIMIT)
)
_OF_TYPE = (_OWN, Row.type == bindparam("type"))
COUNT = select(func.count()).select_from(Row).where(*_OF_TYPE)
NEWEST_OF_TYPE = (
    select(Row).where(*_OF_TYPE).order_by(Row.seq.desc()).offset(bindparam("offset", type_=BigInteger)).limit(_LIMIT)
)
FROZEN = (
    update(Wallet)
    .where(Wallet.id == bindparam("wallet_id"), Wallet.frozen_for.is_(None))
    .values(frozen_for=bindparam("why"), frozen_at=bindparam("now"))
    .returning(Wallet.id)
)
UNFROZEN = (
    update(Wallet)
    .where(Wallet.id == bindparam("wallet_id"), Wallet.frozen_for == bindparam("why"))
    .values(frozen_for=None, frozen_at=None)
    .returning(Wallet.id)
)


class Wallets:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def of_fan(self, user_id: UUID) -> Any:
        """None before the first money."""
        return await self._connection.row(OF_FAN, user_id=user_id)

    async def activity(self, user_id: UUID, type_: Activity | None, page: Page) -> tuple[Sequence[WalletActivity], int]:
        """The lines of a person's wallet, the newest first, and how many there are in all."""
        wallet = await self.of_fan(user_id)
        if wallet is None:
            return [], 0
        own: dict[str, Any] = {"wallet_id": wallet.id, "limit": page.limit}
        if type_ is None:
            return await self._connection.scalars(NEWEST, **own, newest=wallet.shown - page.offset), wallet.shown
        total = await self._connection.scalar_one(COUNT, wallet_id=wallet.id, type=type_)
        if total <= page.offset:
            return [], total
        return await self._connection.scalars(NEWEST_OF_TYPE, **own, type=type_, offset=page.offset), total

    async def freeze(self, wallet_id: UUID, why: str, now: datetime) -> bool:
        """Whether it was not frozen before."""
        return await self._connection.scalar(FROZEN, wallet_id=wallet_id, why=why, now=now) is not None

    async def unfreeze(self, wallet_id: UUID, why: str) -> bool:
        """Whether it was frozen for this."""
        return await self._connection.scalar(UNFROZEN, wallet_id=wallet_id, why=why) is not None
