"""The end of wallets whose account is erased: what is left is kept for whoever has the code that is mailed then."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from domain.money import flows
from domain.money.closing import ERASED, Left
from services.money.credits import credit
from services.money.refunds import RefundService

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from domain.money.ledger import WalletName
    from persistence.models import UnclaimedBalance
    from persistence.repositories import Repositories
    from services.money.gifts import GiftService


class ClosingService:
    """Works inside the caller's unit of work. Of accounts that are gone for whoever asks: nothing new begins."""

    def __init__(self, gifts: GiftService) -> None:
        self._gifts = gifts
        self._refunds = RefundService()

    async def refund(self, db: Repositories, payment_id: UUID, now: datetime) -> None:
        """Give back of the payment what nobody has spent."""
        held = await db.payments.hold(payment_id)
        if held is None or await db.disputes.stands(payment_id):
            return
        payment, wallet = held.row, held.wallet
        await db.ledger.hold(wallet)
        unspent = (await db.ledger.balances(wallet)).fan
        amount = min(unspent, payment.amount - payment.refunded - payment.disputed)
        if amount > 0:
            await self._refunds.ask(db, held, amount, wallet.user_id, ERASED, now)

    async def close(self, db: Repositories, user_id: UUID, now: datetime) -> Left | None:
        """All wallets. Gifts end; debt stays in the books. What is left, and the code by which it is claimed."""
        await db.closings.hold(user_id)
        wallets, code, amount = await db.closings.wallets(user_id), uuid4(), 0
        await db.ledger.hold(*wallets)
        for wallet in wallets:
            left = await self._empty(db, wallet, now)
            if left:
                await db.closings.keep(wallet, left, code)
                amount += left
        return Left(amount, wallets[0].currency, code) if amount else None

    async def claim(
        self, db: Repositories, balances: Sequence[UnclaimedBalance], wallets: Sequence[WalletName], now: datetime
    ) -> None:
        """Into the wallets of their new owner, one for each."""
        await db.ledger.hold(*wallets)
        for balance, wallet in zip(balances, wallets, strict=True):
            await db.closings.claim(balance, wallet.user_id, now)
            await credit(db, wallet, flows.claimed(wallet, balance.wallet_id, balance.amount))

    async def _empty(self, db: Repositories, wallet: WalletName, now: datetime) -> int:
        """How much money was left in it."""
        for grant in await db.gifts.open(wallet):
            await self._gifts.end(db, wallet, grant)
        has = await db.ledger.balances(wallet)
        left = has.fan if wallet.type == "FAN" else has.creator
        if left:
            await db.ledger.post(flows.closed(wallet, left))
        await db.closings.close(wallet, now)
        return left
