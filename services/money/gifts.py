"""Gifts: spendable as paid-in money is, never paid out or refunded, and gone when they expire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.money import flows

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from domain.money.escrows import Grant, Source
    from domain.money.ledger import Transfer, WalletName
    from persistence.repositories import Repositories


class GiftService:
    """Works inside the caller's unit of work."""

    async def give(
        self,
        db: Repositories,
        wallet: WalletName,
        source: Source,
        transfer: Transfer,
        source_id: UUID,
        until: datetime | None,
    ) -> None:
        """``transfer`` is what credits it: given twice, it is given once."""
        await db.ledger.hold(wallet)
        if (await db.ledger.post(transfer)).new:
            await db.gifts.give(wallet, source, source_id, transfer.moved, until)

    async def end(self, db: Repositories, wallet: WalletName, grant: Grant) -> None:
        """Take back what is left of it, whether it has expired or not. The wallet is held."""
        ended = await db.gifts.close(grant)
        await db.ledger.post(flows.gift_expired(wallet, grant.id, ended.time, ended.left))

    async def revoke(
        self, db: Repositories, wallet: WalletName, source: Source, source_id: UUID, now: datetime
    ) -> None:
        """Take back what is left of a gift, as if it had expired. Again: what came back of it since."""
        await db.ledger.hold(wallet)
        grant_id = await db.gifts.shorten(source, source_id, now)
        if grant_id is not None:
            await self.expire(db, wallet, grant_id, now)

    async def withdraw(
        self, db: Repositories, wallet: WalletName, source: Source, source_id: UUID, now: datetime
    ) -> int:
        """What was left of a gift that ends now; its caller posts what becomes of it. Holds the wallet."""
        await db.ledger.hold(wallet)
        grant_id = await db.gifts.shorten(source, source_id, now)
        ended = None if grant_id is None else await db.gifts.end(grant_id, now)
        return 0 if ended is None else ended.left

    async def expire(self, db: Repositories, wallet: WalletName, grant_id: UUID, now: datetime) -> None:
        """Take back what is left of a gift that has expired."""
        await db.ledger.hold(wallet)
        ended = await db.gifts.end(grant_id, now)
        if ended is not None:
            await db.ledger.post(flows.gift_expired(wallet, grant_id, ended.time, ended.left))
