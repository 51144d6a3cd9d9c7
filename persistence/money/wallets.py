"""Wallets as their owners read them, and whether they are frozen. Only the ledger writes what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Integer,
    Text,
    Uuid,
    any_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from domain.money.amounts import USD
from persistence.models import LedgerAccount, Wallet, WalletActivity, WalletFreeze

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from domain.answers.pages import Page
    from domain.money.ledger import Activity
    from persistence.engine.connection import Connection

Row = WalletActivity
_owed = (
    select(-LedgerAccount.balance)
    .where(LedgerAccount.wallet_id == Wallet.id, LedgerAccount.code == "debt")
    .correlate(Wallet)
    .scalar_subquery()
)
OF_FAN = select(Wallet.id, Wallet.balance, Wallet.shown, Wallet.frozen_for, _owed.label("owed")).where(
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
# Lines before the page are passed over in the index alone.
_of_type = (
    select(Row.seq)
    .where(*_OF_TYPE)
    .order_by(Row.seq.desc())
    .offset(bindparam("offset", type_=BigInteger))
    .limit(_LIMIT)
    .scalar_subquery()
)
NEWEST_OF_TYPE = select(Row).where(_OWN, Row.seq == any_(func.array(_of_type))).order_by(Row.seq.desc())
Why = WalletFreeze
_WALLET, _WHY = bindparam("frozen", type_=Uuid), bindparam("why", type_=Text)
HELD = select(Wallet.id).where(Wallet.id == _WALLET).with_for_update(key_share=True)
# A former release writes the wallet alone: what that says is true.
FORGOTTEN = delete(Why).where(
    Why.wallet_id == _WALLET, exists().where(Wallet.id == Why.wallet_id, Wallet.frozen_for.is_(None))
)
_known = select(Wallet.id, Wallet.frozen_for, Wallet.frozen_at).where(
    Wallet.id == _WALLET, Wallet.frozen_for.is_not(None)
)
ADOPTED = insert(Why).from_select(["wallet_id", "frozen_for", "frozen_at"], _known).on_conflict_do_nothing()
FROZEN = (
    insert(Why)
    .values(wallet_id=_WALLET, frozen_for=_WHY, frozen_at=bindparam("now"))
    .on_conflict_do_nothing()
    .returning(Why.wallet_id)
)
UNFROZEN = delete(Why).where(Why.wallet_id == _WALLET, Why.frozen_for == _WHY).returning(Why)
EXPLAINED = (
    update(Why)
    .where(Why.wallet_id == _WALLET, Why.frozen_for == _WHY)
    .values(statement_id=bindparam("told", type_=Uuid))
)
# A former release lifts what a wallet shows of a dispute with all else: what staff says is shown before it.
_ORDER = Why.frozen_for == literal_column("'DISPUTE'"), Why.frozen_at, Why.frozen_for
_first = select(Why).where(Why.wallet_id == _WALLET).order_by(*_ORDER).limit(1)
SHOWN = (
    update(Wallet)
    .where(Wallet.id == _WALLET)
    .values(
        frozen_for=_first.with_only_columns(Why.frozen_for).scalar_subquery(),
        frozen_at=_first.with_only_columns(Why.frozen_at).scalar_subquery(),
    )
)
REASONS = select(Why).where(Why.wallet_id == any_(bindparam("wallets", type_=ARRAY(Uuid)))).order_by(*_ORDER)
STATEMENTS: Any = (
    select(Why.statement_id)
    .join(Wallet, Wallet.id == Why.wallet_id)
    .where(Wallet.user_id == bindparam("user_id"), Why.statement_id.is_not(None))
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
        """Whether it was not frozen for this before. It may be frozen for several reasons."""
        await self._hold(wallet_id)
        made = await self._connection.scalar(FROZEN, frozen=wallet_id, why=why, now=now)
        if made is not None:
            await self._connection.execute(SHOWN, frozen=wallet_id)
        return made is not None

    async def explain(self, wallet_id: UUID, why: str, statement_id: UUID) -> None:
        """Keep what the owner was told of why it is frozen."""
        await self._connection.execute(EXPLAINED, frozen=wallet_id, why=why, told=statement_id)

    async def unfreeze(self, wallet_id: UUID, why: str) -> WalletFreeze | None:
        """The reason that is gone; None where it was not frozen for this. Other reasons stay."""
        await self._hold(wallet_id)
        gone: WalletFreeze | None = await self._connection.scalar(UNFROZEN, frozen=wallet_id, why=why)
        if gone is not None:
            await self._connection.execute(SHOWN, frozen=wallet_id)
        return gone

    async def reasons(self, wallets: Sequence[UUID]) -> Mapping[UUID, Sequence[WalletFreeze]]:
        """Why each is frozen: what staff says first, then a dispute; the oldest reason first."""
        found: dict[UUID, list[WalletFreeze]] = {each: [] for each in wallets}
        for row in await self._connection.scalars(REASONS, wallets=[*wallets]):
            found[row.wallet_id].append(row)
        return found

    async def statements(self, user_id: UUID) -> Sequence[UUID]:
        """What the owner was told of why the wallets are frozen."""
        return await self._connection.scalars(STATEMENTS, user_id=user_id)

    async def _hold(self, wallet_id: UUID) -> None:
        """Nobody else freezes or unfreezes it until the unit ends."""
        for statement in (HELD, FORGOTTEN, ADOPTED):
            await self._connection.execute(statement, frozen=wallet_id)
