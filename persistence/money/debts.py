"""What owners of wallets owe, and since when: read from the ledger, which alone knows."""

from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select

from domain.money.adjustments import Debt
from persistence.engine.connection import Connection
from persistence.models import LedgerAccount, LedgerEntry, LedgerTransfer

_WALLET = bindparam("wallet", type_=Uuid)
_OWED = (LedgerAccount.wallet_id == _WALLET, LedgerAccount.code == "debt", LedgerAccount.balance < 0)
_former = LedgerEntry.__table__.alias("former")
# The entry by which nothing was owed any more is the last one of the time before.
_paid = (
    select(_former.c.account_version)
    .where(
        _former.c.account_id == LedgerAccount.id,
        _former.c.account_version.is_not(None),
        _former.c.balance_after == 0,
    )
    .order_by(_former.c.account_version.desc())
    .limit(1)
    .correlate(LedgerAccount)
    .scalar_subquery()
)
OWED = (
    select(-LedgerAccount.balance, LedgerTransfer.created_at, LedgerEntry.account_version)
    .join(LedgerEntry, LedgerEntry.account_id == LedgerAccount.id)
    .join(LedgerTransfer, LedgerTransfer.id == LedgerEntry.transfer_id)
    .where(*_OWED, LedgerEntry.account_version == func.coalesce(_paid, 0) + 1)
)


class Debts:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def of(self, wallet_id: UUID) -> Debt | None:
        """None where nothing is owed. True until the unit ends where the wallet is held."""
        row: Any = await self._connection.row(OWED, wallet=wallet_id)
        return None if row is None else Debt(*row)
