"""What comes into a wallet pays first what its owner owes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.money import flows

if TYPE_CHECKING:
    from domain.money.ledger import Transfer, WalletName
    from persistence.repositories import Repositories


async def credit(db: Repositories, wallet: WalletName, transfer: Transfer) -> None:
    """Post what pays into a fan's wallet. Posted again, it changes nothing."""
    if (await db.ledger.post(transfer)).new:
        has = await db.ledger.balances(wallet)
        if owed := min(has.debt, has.fan):
            await db.ledger.post(flows.debt_settled(wallet, transfer.key, owed))
