"""What payment providers say, made true here: what is missing in the books is posted, in whatever order it was told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from domain import topics
from domain.clock import utc_now
from domain.money import flows
from domain.money.amounts import USD
from domain.money.payments import Checkout, next_look
from domain.webhooks import Hopeless
from providers.ports import ProviderRejected
from services.money.credits import credit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from domain.money.payments import DisputeState, Misfit, PaymentState, RefundState
    from persistence.models import ProviderEvent
    from persistence.money.payments import HeldPayment
    from persistence.repositories import Repositories
    from providers.ports import NoticeSource
    from providers.registry import PaymentFamily
    from services.money.escrows import EscrowService

log = structlog.get_logger(__name__)


class PaymentBooks:
    """Posts what is missing, each time inside the caller's unit of work."""

    def __init__(self, escrows: EscrowService) -> None:
        self._escrows = escrows

    async def find(self, payments: PaymentFamily, provider: str, ref: str) -> PaymentState | None:
        """How a session is by now; None where the provider says that it has none. Raises ProviderUnavailable."""
        try:
            return await payments.find(provider, ref)
        except ProviderRejected:
            log.exception("payment.refused", provider=provider, ref=ref)
            return None

    async def examine(self, db: Repositories, provider: str, state: PaymentState, now: datetime) -> None:
        """A session that no payment is bound to: by what it remembers it is one of ours, or its money fits nothing."""
        held = None if state.payment_id is None else await db.payments.hold(state.payment_id)
        if held is not None and held.row.provider == provider and held.row.ref in (None, state.ref):
            await db.payments.bind(held.row.id, Checkout(state.ref, "", held.row.expires_at), now)
            await self.settle(db, held.row.id, state, now)
        elif state.status == "PAID":
            log.error("payment.stray", provider=provider, ref=state.ref, amount=state.amount, currency=state.currency)
            await self._stray(db, provider, state)

    async def _stray(self, db: Repositories, provider: str, state: PaymentState) -> None:
        """Into suspense, where it has an account: of another currency there is none, and somebody must look."""
        if state.currency == USD and state.amount > 0:
            await db.ledger.post(flows.strayed(provider, state.ref, state.amount))

    async def settle(self, db: Repositories, payment_id: UUID, state: PaymentState, now: datetime) -> None:
        """Whatever was told, how often and in which order: afterwards the books have what the provider says."""
        held = await db.payments.hold(payment_id)
        if held is None:
            return
        payment, status = held.row, held.row.status
        if state.status == "PAID" and payment.misfit is None:
            if payment.status == "PAID":  # what was not credited yet has paid for nothing
                await self._give_back_prices(db, held, state.disputes, now)
            if await self._credit(db, held, state, now):
                status = "PAID"
                await self._charge(db, held, state)
                for refund in state.refunds:
                    await self._refund(db, held, refund)
                for dispute in state.disputes:
                    await self._dispute(db, held, dispute, now)
        elif state.status != "OPEN" and await db.payments.end(payment.id, state.status):
            status = state.status
        later = next_look(status, now - payment.created_at)
        await db.payments.look_again(payment.id, None if later is None else now + later)

    async def _credit(self, db: Repositories, held: HeldPayment, state: PaymentState, now: datetime) -> bool:
        """Whether the money is the wallet's. What does not fit is kept apart, and somebody is told."""
        payment, wallet = held.row, held.wallet
        if payment.status == "PAID":
            return True
        own = (await db.ledger.hold(wallet))[wallet.id]
        misfit: Misfit | None = None
        if state.currency != payment.currency:
            misfit = "CURRENCY"
        elif state.amount != payment.amount:
            misfit = "AMOUNT"
        elif own.closed_at is not None:
            misfit = "WALLET_CLOSED"
        if misfit is not None:
            log.error("payment.misfit", payment=str(payment.id), provider=payment.provider, misfit=misfit)
            await self._stray(db, payment.provider, state)
            await db.payments.note_misfit(payment.id, misfit)
            return False
        await credit(db, wallet, flows.loaded(wallet, payment.id, payment.provider, payment.amount))
        await db.payments.pay(payment.id, now)
        return True

    async def _charge(self, db: Repositories, held: HeldPayment, state: PaymentState) -> None:
        payment = held.row
        if payment.fee is None and state.fee is not None:
            if state.fee:
                await db.ledger.post(flows.load_fee(payment.id, payment.provider, state.fee))
            await db.payments.charge(payment.id, state.fee)

    async def _refund(self, db: Repositories, held: HeldPayment, refund: RefundState) -> None:
        """One that was made at the provider, not by us."""
        payment, wallet = held.row, held.wallet
        if await db.payments.refund(payment, refund):
            await db.ledger.hold(wallet)
            has = await db.ledger.balances(wallet)
            await db.ledger.post(flows.refunded_outside(wallet, payment.provider, refund.ref, refund.amount, has))

    async def _give_back_prices(
        self, db: Repositories, held: HeldPayment, disputes: Sequence[DisputeState], now: datetime
    ) -> None:
        """Prices of messages that nobody answered yet go back before a dispute takes the money.

        They are locked before the wallet is, as everywhere.
        """
        rows = [await db.payments.dispute(held.row, dispute) for dispute in disputes if dispute.taken]
        amount = sum(row.amount for row in rows if row.taken_at is None)
        if amount:
            await self._escrows.take_back(db, held.wallet.user_id, amount, now)

    async def _dispute(self, db: Repositories, held: HeldPayment, dispute: DisputeState, now: datetime) -> None:
        payment, wallet = held.row, held.wallet
        row = await db.payments.dispute(payment, dispute)
        await db.ledger.hold(wallet)
        if dispute.taken and row.taken_at is None:
            has = await db.ledger.balances(wallet)
            await db.ledger.post(flows.disputed(wallet, row.id, payment.provider, row.amount, has))
            if dispute.fee:
                await db.ledger.post(flows.dispute_fee(row.id, payment.provider, dispute.fee))
        if dispute.returned and row.returned_at is None:
            has = await db.ledger.balances(wallet)
            await db.ledger.post(flows.dispute_won(wallet, row.id, payment.provider, row.amount, has))
        await db.payments.note_dispute(row, dispute, now)
        if await db.payments.is_contested(wallet.id):
            await db.wallets.freeze(wallet.id, "DISPUTE", now)
        else:
            await db.wallets.unfreeze(wallet.id, "DISPUTE")


class PaymentNotices:
    """Notices of payment providers. Each is about a session, of which all is asked, whatever the notice said."""

    family = "payment"

    def __init__(self, payments: PaymentFamily, books: PaymentBooks) -> None:
        self._payments = payments
        self._books = books

    def source(self, provider: str) -> NoticeSource | None:
        return self._payments.source(provider)

    async def knows(self, db: Repositories, provider: str, ref: str) -> bool:
        return await db.payments.knows(provider, ref) is not None

    async def look(self, provider: str, ref: str) -> PaymentState:
        """Raises ProviderUnavailable and Hopeless."""
        try:
            return await self._payments.find(provider, ref)
        except ProviderRejected as refusal:
            raise Hopeless(str(refusal)) from None

    async def write(self, db: Repositories, event: ProviderEvent, found: PaymentState) -> None:
        payment_id = await db.payments.knows(event.provider, found.ref)
        if payment_id is not None:
            await self._books.settle(db, payment_id, found, utc_now())

    async def give_up(self, db: Repositories, event: ProviderEvent) -> None:
        """Our answer may have been lost before the session was bound: what the provider remembers of us tells."""
        await db.outbox.add(topics.ExamineSession(event.provider, event.object_ref or ""))
