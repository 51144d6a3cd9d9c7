"""The ledger and its wallets, as staff reads them. Nothing is written here."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, any_, bindparam, func, select

from domain.money.books import Sought
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import LedgerAccount, LedgerEntry, LedgerTransfer, Wallet

Row = LedgerTransfer
# Their ids are in the order of time. Of one account its entries are walked, which an index has in that order.
NEWEST = Keyset(Row.id.desc())
NEWEST_OF_ACCOUNT = Keyset(LedgerEntry.transfer_id.desc())
TRANSFERS = select(
    Row.id, Row.key, Row.kind, Row.currency, Row.about, Row.about_id, Row.resolves, Row.actor_id, Row.created_at
)
ENTRIES = (
    select(
        LedgerEntry.transfer_id, LedgerEntry.account_id, LedgerAccount.code, LedgerAccount.wallet_id,
        LedgerEntry.amount, LedgerEntry.balance_after,
    )
    .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
    .where(LedgerEntry.transfer_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(LedgerEntry.transfer_id, LedgerEntry.leg)
)  # fmt: skip
ACCOUNT = (
    select(
        LedgerAccount.id, LedgerAccount.code, LedgerAccount.currency, LedgerAccount.normal, LedgerAccount.wallet_id,
        Wallet.user_id, LedgerAccount.created_at,
        LedgerAccount.balance, LedgerAccount.version.label("entries"),
    )
    .outerjoin(Wallet, Wallet.id == LedgerAccount.wallet_id)
    .where(LedgerAccount.id == bindparam("account_id"))
)  # fmt: skip
TURN = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("account", type_=Text), 0)))
WALLETS_NEWEST = Keyset(Wallet.created_at.desc(), Wallet.id.desc())
ACCOUNTS = (
    select(LedgerAccount.id, LedgerAccount.code, LedgerAccount.balance, LedgerAccount.version.label("entries"))
    .where(LedgerAccount.wallet_id == bindparam("wallet_id"))
    .order_by(LedgerAccount.code)
)


class LedgerDesk:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def transfers(self, sought: Sought, keys: Sequence[Any] | None, rows: int) -> Sequence[Any]:
        """The newest first."""
        found, order = TRANSFERS, NEWEST
        if sought.account_id is not None and sought.reference is None and sought.key is None:
            # A page of its entries first: all transfers are not walked to find it.
            own = select(LedgerEntry.transfer_id).where(LedgerEntry.account_id == sought.account_id)
            found = found.where(Row.id.in_(NEWEST_OF_ACCOUNT.page(own, keys, rows)))
        elif sought.account_id is not None:
            of_it = LedgerEntry.transfer_id == Row.id, LedgerEntry.account_id == sought.account_id
            found = found.join(LedgerEntry, of_it[0]).where(of_it[1])
        if sought.reference is not None:
            found = found.where(Row.about_id == sought.reference)
        if sought.key is not None:
            found = found.where(Row.key == sought.key)
        return await self._connection.rows(order.page(found, keys, rows))

    async def entries(self, transfers: Sequence[UUID]) -> Mapping[UUID, Sequence[Any]]:
        """By their transfers."""
        found: dict[UUID, list[Any]] = {each: [] for each in transfers}
        for row in await self._connection.rows(ENTRIES, ids=[*transfers]):
            found[row.transfer_id].append(row)
        return found

    async def account(self, account_id: UUID) -> Any:
        """``balance`` and ``entries`` are None for one of ours, which stores none."""
        return await self._connection.row(ACCOUNT, account_id=account_id)

    async def take_turns(self, account_id: UUID) -> None:
        """Until the unit ends nobody else gives away what this account of ours holds. Who posts to it does not wait."""
        await self._connection.execute(TURN, account=str(account_id))

    async def wallets(
        self, keys: Sequence[Any] | None, rows: int, *, user_id: UUID | None = None, frozen: bool | None = None
    ) -> Sequence[Wallet]:
        """The newest first."""
        found = select(Wallet)
        if user_id is not None:
            found = found.where(Wallet.user_id == user_id)
        if frozen is not None:
            found = found.where(Wallet.frozen_at.is_not(None) if frozen else Wallet.frozen_at.is_(None))
        return await self._connection.scalars(WALLETS_NEWEST.page(found, keys, rows))

    async def wallet(self, wallet_id: UUID) -> Wallet | None:
        return await self._connection.scalar(select(Wallet).where(Wallet.id == wallet_id))

    async def accounts(self, wallet_id: UUID) -> Sequence[Any]:
        return await self._connection.rows(ACCOUNTS, wallet_id=wallet_id)
