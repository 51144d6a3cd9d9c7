"""What a provider takes out of a wallet: where it was spent, its owner owes it, and is told so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.money.adjustments import DEBT_TOLD_AFTER
from domain.topics import TellOfDebt

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.money.flows import Balances
    from domain.money.ledger import Transfer, WalletName
    from persistence.repositories import Repositories


async def take(db: Repositories, wallet: WalletName, taken: Callable[[Balances], Transfer]) -> None:
    """Post what is ``taken`` of that which a wallet has, which is held. Posted again, it changes nothing.

    Its owner is told when a debt begins, and again while it stands: these jobs are left with it, so that none is lost.
    """
    before = await db.ledger.balances(wallet)
    posted = await db.ledger.post(taken(before))
    if not posted.new or before.debt:
        return
    debt = await db.debts.of(wallet.id)
    if debt is None:
        return
    for after in DEBT_TOLD_AFTER:
        await db.outbox.add_later(TellOfDebt(wallet.user_id, wallet.id, debt.number, after.days), after)
