"""Refunds that we ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import topics
from domain.money import flows
from domain.money.payments import PLATFORM, UNBOUND_AGAIN
from domain.money.refunds import unspent

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from persistence.models import Refund
    from persistence.money.payments import HeldPayment
    from persistence.repositories import Repositories


class RefundService:
    """Works inside the caller's unit of work."""

    async def unspent(self, db: Repositories, held: HeldPayment, fan: int) -> int:
        """How much of the payment is still there. ``fan``: the paid-in money of its wallet, which is held, too."""
        payment = held.row
        later = await db.refunds.later(payment.id, held.wallet)
        return unspent(payment.amount - payment.refunded - payment.disputed, fan, later)

    async def ask(
        self, db: Repositories, held: HeldPayment, amount: int, by: UUID | None, reason: str, now: datetime
    ) -> Refund | None:
        """None where so much is not left of the payment. Raises InsufficientBalance where it was spent. ``by``: None
        where it is the platform itself.

        The row is there before the provider is asked, and its id is what the provider is told to remember.
        """
        asked = await db.refunds.ask(held.row, amount, by or PLATFORM, reason, now + UNBOUND_AGAIN)
        if asked is not None:
            await db.ledger.post(flows.refund_asked(held.wallet, asked.id, amount))
            await db.outbox.add(topics.RefundPayment(asked.id))
        return asked
