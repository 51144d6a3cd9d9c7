"""The end of wallets whose account is erased: what is left is kept for whoever has the code that is mailed then."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from domain.auth import one_time_hash
from domain.money import flows
from domain.money.closing import ERASED, Left
from domain.money.ledger import WalletName
from services.money.credits import credit
from services.money.refunds import RefundService

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from persistence.models import UnclaimedBalance
    from persistence.repositories import Repositories
    from services.money.gifts import GiftService

log = structlog.get_logger(__name__)


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
        wallet = held.wallet
        await db.ledger.hold(wallet)
        amount = await self._refunds.unspent(db, held, (await db.ledger.balances(wallet)).fan)
        if amount > 0:
            await self._refunds.ask(db, held, amount, wallet.user_id, ERASED, now)

    async def close(self, db: Repositories, user_id: UUID, now: datetime) -> Left | None:
        """All wallets. Gifts end; debt stays in the books. What is left, and the code by which it is claimed."""
        await db.closings.hold(user_id)
        wallets, code, amount, earnings = await db.closings.wallets(user_id), uuid4(), 0, 0
        await db.ledger.hold(*wallets)
        for wallet in wallets:
            left = await self._empty(db, wallet, now)
            if left:
                await db.closings.keep(wallet, left, one_time_hash(code))
                amount += left
                earnings += left if wallet.type == "CREATOR" else 0
        return Left(amount, earnings, wallets[0].currency, code) if amount else None

    async def claim(
        self, db: Repositories, balances: Sequence[UnclaimedBalance], wallets: Sequence[WalletName], now: datetime
    ) -> None:
        """Into the wallets of their new owner, one for each."""
        await db.ledger.hold(*wallets)
        for balance, wallet in zip(balances, wallets, strict=True):
            await db.closings.claim(balance, wallet.user_id, now)
            await credit(db, wallet, flows.claimed(wallet, balance.wallet_id, balance.amount))

    async def empty_again(self, db: Repositories, wallet_id: UUID, now: datetime) -> None:
        """What came to a wallet after it was closed, and belongs to who may claim what was left of the account.

        It goes there at once where that was claimed. Where nothing was left, nobody was told a code.
        """
        row = await db.closings.wallet(wallet_id)
        wallet = WalletName(row.user_id, row.type, row.currency)  # type: ignore[arg-type]
        kept = await db.closings.kept_for(row.user_id)
        own = next((each for each in kept if each.wallet_id == wallet_id), None)
        heir = None if own is not None and own.claimed_at is None else await self._heir(db, wallet, own, kept)
        if own is not None and own.claimed_at is not None and heir is None:
            log.warning("wallet.closed_has_money", wallet=str(wallet_id))
            return
        await db.ledger.hold(*filter(None, (wallet, heir)))
        left, number = await self._taken_out(db, wallet), (await db.closings.wallet(wallet_id)).shown
        if not left:
            return
        if own is None:
            code_hash = kept[0].code_hash if kept else one_time_hash(uuid4())
            await db.ledger.post(flows.closed(wallet, left))
            own = await db.closings.keep(wallet, left, code_hash)
            if heir is not None:
                await db.closings.claim(own, heir.user_id, now)
                await credit(db, heir, flows.claimed(heir, wallet_id, left))
        else:
            await db.ledger.post(flows.closed_again(wallet, left, number))
            if heir is None:
                await db.closings.keep_more(wallet_id, left)
            else:
                await credit(db, heir, flows.claimed_again(heir, wallet_id, left, number))
        given = None if heir is None else str(heir.user_id)
        await db.audit.record("wallet.emptied_again", target=row.user_id, wallet=str(wallet_id), amount=left, to=given)

    async def _heir(
        self, db: Repositories, wallet: WalletName, own: UnclaimedBalance | None, kept: Sequence[UnclaimedBalance]
    ) -> WalletName | None:
        """The wallet of who has claimed what was left of this one; where nothing was, of the account."""
        among = kept if own is None else [own]
        by = next((each.claimed_by for each in among if each.claimed_by is not None), None)
        if by is None or await db.closings.is_blocked(kept) or not await db.closings.can_have(by, wallet.type):
            return None
        return WalletName(by, wallet.type, wallet.currency)

    async def _taken_out(self, db: Repositories, wallet: WalletName) -> int:
        """How much money is in it once its gifts have ended."""
        for grant in await db.gifts.open(wallet):
            await self._gifts.end(db, wallet, grant)
        has = await db.ledger.balances(wallet)
        return has.fan if wallet.type == "FAN" else has.creator

    async def _empty(self, db: Repositories, wallet: WalletName, now: datetime) -> int:
        """How much money was left in it."""
        left = await self._taken_out(db, wallet)
        if left:
            await db.ledger.post(flows.closed(wallet, left))
        await db.closings.close(wallet, now)
        return left
