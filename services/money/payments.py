"""What payment providers say, made true here: what is missing in the books is posted, in whatever order it was told."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid5

import structlog

from domain import topics
from domain.clock import utc_now
from domain.money import flows
from domain.money.amounts import USD
from domain.money.ledger import WalletName
from domain.money.payments import (
    REFUND_ORDER,
    SETTLED_AGAIN,
    Checkout,
    away,
    goes_back,
    has_failed,
    next_look,
    outside_reference,
    reference_of,
    went_back,
)
from domain.money.refunds import WARNED, is_given_back_at_once
from domain.webhooks import Hopeless
from providers.ports import ProviderRejected
from services.money.coupons import CouponService
from services.money.credits import credit
from services.money.debts import take
from services.money.gifts import GiftService
from services.money.refunds import RefundService

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from domain.config_keys import Config
    from domain.money.payments import (
        DisputeState,
        Misfit,
        PaymentState,
        RefundFailedFor,
        RefundState,
        RefundStatus,
        Status,
    )
    from persistence.models import Payment, ProviderEvent, Refund, Stray
    from persistence.money.payments import HeldPayment
    from persistence.repositories import Repositories
    from providers.families.money import PaymentFamily
    from providers.ports import NoticeSource
    from services.money.escrows import EscrowService
    from services.money.rewards import RewardService

log = structlog.get_logger(__name__)


class PaymentBooks:
    """Posts what is missing, each time inside the caller's unit of work."""

    def __init__(self, escrows: EscrowService, rewards: RewardService, config: Config) -> None:
        self._escrows = escrows
        self._rewards = rewards
        self._config = config
        self._refunds = RefundService()
        self._coupons = CouponService()
        self._gifts = GiftService()

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
            await db.payments.bind(held.row.id, provider, Checkout(state.ref, "", held.row.expires_at), now)
            await self.settle(db, held.row.id, state, now)
        elif state.status == "PAID":
            log.error("payment.stray", provider=provider, ref=state.ref, amount=state.amount, currency=state.currency)
            await self._stray(db, provider, state, now)

    async def _stray(
        self, db: Repositories, provider: str, state: PaymentState, now: datetime, payment_id: UUID | None = None
    ) -> None:
        """Into suspense, where it has an account: of another currency there is none, and somebody must look."""
        if state.currency != USD or state.amount <= 0:
            return
        stray = await db.strays.keep(provider, state, payment_id)
        await db.ledger.post(flows.strayed(provider, stray.ref, stray.amount))
        if stray.fee is None and state.fee is not None:
            if state.fee:
                await db.ledger.post(flows.load_fee(stray.id, provider, state.fee))
            await db.strays.charge(stray.id, state.fee)
        for each in state.disputes:
            await self._charge_stray(db, stray, each)
        if stray.away != away(state):
            await db.strays.note_away(stray.id, away(state))
        if stray.state != "RETURNED" and went_back(state) >= stray.amount:
            await self._stray_went(db, stray, now)
        elif stray.state == "RETURNING" and has_failed(state, stray.refund_id):
            log.error("payment.stray_refused", stray=str(stray.id), provider=provider)
            await db.strays.hold_again(stray.id, now + SETTLED_AGAIN)
        elif stray.state == "RETURNED" and went_back(state) == 0:
            await self._stray_came_back(db, stray, now)
        else:  # what went or came back in part is found by a reconciliation: people must look
            await db.strays.look_again(stray.id, _next(stray, now))

    async def _charge_stray(self, db: Repositories, stray: Stray, dispute: DisputeState) -> None:
        """The provider asks for it when it takes the money, whatever becomes of the dispute. Once, as it was first."""
        about = uuid5(stray.id, dispute.ref)  # the dispute has no row here
        if dispute.taken and dispute.fee and not await db.strays.has_fee(about):
            fee = flows.dispute_fee(about, stray.provider, dispute.fee)
            await db.ledger.post(replace(fee, about_id=str(stray.id)))

    async def _stray_went(self, db: Repositories, stray: Stray, now: datetime) -> None:
        """All of it went back to who paid. Whom staff had given it to has it no longer."""
        provider, owner = stray.provider, None
        if stray.wallet_id is not None:
            owner = await db.ledger_desk.wallet(stray.wallet_id)
        if owner is None:
            await db.ledger.post(flows.stray_returned(provider, reference_of(stray), stray.amount))
        else:
            log.error("payment.stray_lost", stray=str(stray.id), provider=provider)
            wallet = WalletName(owner.user_id, "FAN")
            await db.ledger.hold(wallet)
            about = outside_reference(stray)
            await take(db, wallet, partial(flows.refunded_outside, wallet, provider, about, stray.amount))
        await db.strays.end(stray.id, now, _next(stray, now))

    async def _stray_came_back(self, db: Repositories, stray: Stray, now: datetime) -> None:
        """All of it is ours again: whom staff had given it to has it again, else somebody must look."""
        provider, owner = stray.provider, None
        log.error("payment.stray_came_back", stray=str(stray.id), provider=provider)
        if stray.wallet_id is not None:
            owner = await db.ledger_desk.wallet(stray.wallet_id)
        if owner is None:
            again = await db.strays.come_back(stray.id, _next(stray, now))
            await db.ledger.post(flows.strayed(provider, reference_of(again), stray.amount))
        else:
            wallet = WalletName(owner.user_id, "FAN")
            await db.strays.credit_again(stray.id, now, _next(stray, now))
            await db.ledger.hold(wallet)
            has, about = await db.ledger.balances(wallet), outside_reference(stray)
            await db.ledger.post(flows.refund_outside_undone(wallet, provider, about, stray.amount, has))

    async def settle(self, db: Repositories, payment_id: UUID, state: PaymentState, now: datetime) -> None:
        """Whatever was told, how often and in which order: afterwards the books have what the provider says."""
        held = await db.payments.hold(payment_id)
        if held is None:
            return
        payment, status = held.row, held.row.status
        if state.alias is not None and payment.alias is None:
            await db.payments.name(payment.id, state.alias)
        if state.status == "PAID" and payment.misfit is None:
            if payment.status == "PAID":  # what was not credited yet has paid for nothing
                await self._give_back_prices(db, held, state.disputes, now)
            if await self._credit(db, held, state, now):
                status = "PAID"
                await self._charge(db, held, state)
                for refund in state.refunds:
                    await self._refund(db, held, refund, now)
                for dispute in state.disputes:
                    await self._dispute(db, held, dispute, now)
                if state.warned and payment.warned_at is None:
                    await self._warn(db, held, now)
                if goes_back(state):
                    await self._take_back_gift(db, held, now)
                    await db.rewards.wake(payment.id, now)
        elif state.status == "PAID":
            await self._stray(db, payment.provider, state, now, payment.id)
        elif state.status != "OPEN" and await self.end(db, payment, state.status):
            status = state.status
        later = next_look(status, now - payment.created_at)
        await db.payments.look_again(payment.id, None if later is None else now + later)

    async def end(self, db: Repositories, payment: Payment, status: Status) -> bool:
        """Nobody pays it any more, as far as is known: its coupon is free again. Whether it was open until now."""
        ended = await db.payments.end(payment.id, status)
        if ended:
            await self._free_coupon(db, payment)
        return ended

    async def _free_coupon(self, db: Repositories, payment: Payment) -> None:
        if payment.coupon_usage_id is not None:
            await self._coupons.release(db, payment.coupon_usage_id)

    async def _credit(self, db: Repositories, held: HeldPayment, state: PaymentState, now: datetime) -> bool:
        """Whether the money is the wallet's. What does not fit is kept apart, and somebody is told."""
        payment, wallet = held.row, held.wallet
        if payment.status == "PAID":
            return True
        misfit: Misfit | None = None
        if state.currency != payment.currency:
            misfit = "CURRENCY"
        elif state.amount != payment.amount:
            misfit = "AMOUNT"
        bonus = await self._use_coupon(db, held, now, fits=misfit is None)  # held before the wallet is, as everywhere
        if misfit is None:
            await self._rewards.make(db, held, now)
        own = (await db.ledger.hold(wallet))[wallet.id]
        if misfit is None and own.closed_at is not None:
            misfit = "WALLET_CLOSED"
            await self._free_coupon(db, payment)
        if misfit is not None:
            log.error("payment.misfit", payment=str(payment.id), provider=payment.provider, misfit=misfit)
            await self._stray(db, payment.provider, state, now, payment.id)
            await db.payments.note_misfit(payment.id, misfit)
            return False
        await credit(db, wallet, flows.loaded(wallet, payment.id, payment.provider, payment.amount))
        await db.payments.pay(payment.id, now)
        if bonus and payment.coupon_usage_id is not None:
            gift = flows.coupon_credited(wallet, payment.coupon_usage_id, bonus)
            await self._gifts.give(db, wallet, "COUPON", gift, payment.coupon_usage_id, None)
        return True

    async def _use_coupon(self, db: Repositories, held: HeldPayment, now: datetime, *, fits: bool) -> int:
        """What it takes off. Nothing keeps the money out: who pays so late that others have the coupon goes without."""
        usage_id = held.row.coupon_usage_id
        if usage_id is None:
            return 0
        if not fits:
            await self._coupons.release(db, usage_id)
            return 0
        bonus = await self._coupons.redeem(db, usage_id, held.wallet.user_id, now)
        if bonus is None:
            log.warning("payment.coupon_gone", payment=str(held.row.id), usage=str(usage_id))
        return bonus or 0

    async def _take_back_gift(self, db: Repositories, held: HeldPayment, now: datetime) -> None:
        """What is left of what came with the money. It stays taken, whatever becomes of the refund or the dispute."""
        if held.row.coupon_usage_id is not None:
            await self._gifts.revoke(db, held.wallet, "COUPON", held.row.coupon_usage_id, now)

    async def _charge(self, db: Repositories, held: HeldPayment, state: PaymentState) -> None:
        payment = held.row
        if payment.fee is None and state.fee is not None:
            if state.fee:
                await db.ledger.post(flows.load_fee(payment.id, payment.provider, state.fee))
            await db.payments.charge(payment.id, state.fee)

    async def answered(self, db: Repositories, payment_id: UUID, told: RefundState, now: datetime) -> None:
        """What a provider said when it was asked for a refund."""
        held = await db.payments.hold(payment_id)
        if held is not None:
            await self._refund(db, held, told, now)

    async def refused(self, db: Repositories, refund: Refund, now: datetime, why: RefundFailedFor = "REFUSED") -> None:
        """A refund that its provider does not make, and has not made: the money is the wallet's again."""
        held, row = await db.payments.hold(refund.payment_id), await db.refunds.hold(refund.id)
        if held is not None and row is not None and row.status == "OPEN" and row.ref is None:
            log.error("payment.refund_refused", refund=str(refund.id), provider=refund.provider, why=why)
            await self._move(db, held, row, "FAILED", now, why)

    async def hindrance(self, db: Repositories, refund: Refund) -> RefundFailedFor:
        """Why its provider must not be asked for a refund any more, after all that it told was settled."""
        await db.payments.hold(refund.payment_id)
        if await db.disputes.stands(refund.payment_id):
            return "DISPUTED"
        return None if await db.refunds.fit(refund.payment_id) else "EXCEEDS"

    async def _refund(self, db: Repositories, held: HeldPayment, told: RefundState, now: datetime) -> None:
        """One that staff asked for is known by its id; any other was made at the provider, not by us."""
        row = await db.refunds.told(held.row, told)
        if row.amount != told.amount:
            log.error("payment.refund_differs", refund=str(row.id), asked=row.amount, made=told.amount)
        if REFUND_ORDER.index(told.status) > REFUND_ORDER.index(row.status):
            await self._move(db, held, row, told.status, now, "UNDONE" if told.status == "FAILED" else None)

    async def _move(
        self,
        db: Repositories,
        held: HeldPayment,
        row: Refund,
        status: RefundStatus,
        now: datetime,
        why: RefundFailedFor = None,
    ) -> None:
        wallet, provider, amount = held.wallet, held.row.provider, row.amount
        await db.ledger.hold(wallet)
        if row.requested_by is None:
            await self._move_outside(db, held, row, status)
        elif status == "DONE":
            await db.ledger.post(flows.refund_confirmed(row.id, provider, amount))
        elif row.status == "OPEN":
            await credit(db, wallet, flows.refund_failed(wallet, row.id, amount))
        else:
            await credit(db, wallet, flows.refund_undone(wallet, row.id, provider, amount))
        await db.refunds.settle(row, status, why, now)

    async def _move_outside(self, db: Repositories, held: HeldPayment, row: Refund, status: RefundStatus) -> None:
        wallet, provider, ref = held.wallet, held.row.provider, row.ref or ""
        if status == "DONE":
            await take(db, wallet, partial(flows.refunded_outside, wallet, provider, ref, row.amount))
        elif row.status == "DONE":
            has = await db.ledger.balances(wallet)
            await db.ledger.post(flows.refund_outside_undone(wallet, provider, ref, row.amount, has))

    async def _warn(self, db: Repositories, held: HeldPayment, now: datetime) -> None:
        """Once for each payment. What nobody spent goes back where that costs less than a dispute; staff sees it."""
        payment_id, wallet = held.row.id, held.wallet
        await db.payments.warn(payment_id, now)
        told = await db.payments.hold(payment_id)  # as it is after all that was told of it
        if told is None or not is_given_back_at_once(
            told.row, disputed=await db.disputes.stands(payment_id), now=now, config=self._config
        ):
            return
        await db.ledger.hold(wallet)
        amount = await self._refunds.unspent(db, told, (await db.ledger.balances(wallet)).fan)
        asked = await self._refunds.ask(db, told, amount, None, WARNED, now) if amount > 0 else None
        if asked is not None:
            after = {"payment": str(payment_id), "refund": str(asked.id), "amount": amount}
            await db.audit.record("payment.refunded_at_once", target=wallet.user_id, reason=WARNED, after=after)

    async def _give_back_prices(
        self, db: Repositories, held: HeldPayment, disputes: Sequence[DisputeState], now: datetime
    ) -> None:
        """Prices of messages that nobody answered yet go back before a dispute takes the money.

        They are locked before the wallet is, as everywhere.
        """
        rows = [await db.disputes.keep(held.row, dispute) for dispute in disputes if dispute.taken]
        amount = sum(row.amount for row in rows if row.taken_at is None)
        if amount:
            await self._escrows.take_back(db, held.wallet.user_id, amount, now)

    async def _dispute(self, db: Repositories, held: HeldPayment, dispute: DisputeState, now: datetime) -> None:
        payment, wallet = held.row, held.wallet
        row = await db.disputes.keep(payment, dispute)
        await db.ledger.hold(wallet)
        if dispute.taken and row.taken_at is None:
            await take(db, wallet, partial(flows.disputed, wallet, row.id, payment.provider, row.amount))
            if dispute.fee:
                await db.ledger.post(flows.dispute_fee(row.id, payment.provider, dispute.fee))
        if dispute.returned and row.returned_at is None:
            has = await db.ledger.balances(wallet)
            await db.ledger.post(flows.dispute_won(wallet, row.id, payment.provider, row.amount, has))
        await db.disputes.note(row, dispute, now)
        if await db.disputes.any_undecided(wallet.id):
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


def _next(stray: Stray, now: datetime) -> datetime | None:
    """When its provider is asked again. What went back may yet come back."""
    later = SETTLED_AGAIN if stray.state == "RETURNING" else next_look("FAILED", now - stray.created_at)
    return None if later is None else now + later
