"""Payouts are sent, and what becomes of them is made true here, each time inside the caller's unit of work.

What was asked of a provider is written, with its posting, before the provider is asked. So whoever stops in between
leaves an attempt of which the provider is asked later on; only where it certainly has none there is another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import structlog

from domain import topics
from domain.keys import Purpose
from domain.money import flows
from domain.money.ledger import platform
from domain.money.payout_approval import (
    AGAIN,
    ASKED_WITHIN,
    CERTAIN_FOR,
    KYC,
    LOOKED_AT_EVERY,
    LOOKED_AT_FOR,
    METHOD,
    STOPPED_AGAIN,
    UNANSWERED,
    WATCHED_FOR,
)
from domain.money.payout_rules import judge_standing
from domain.money.payouts import FAILURES, PayoutOrder, why_ended
from domain.money.reconciliation import TOPIC as RECONCILE
from providers.ports import ProviderForgot, ProviderRejected, ProviderUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from domain.config_keys import Config
    from domain.money.payouts import Outcome, PayoutState
    from persistence.models import Payout, PayoutAttempt, ProviderEvent
    from persistence.payouts.desk import HeldPayout
    from persistence.repositories import Repositories
    from providers.families.money import PayoutFamily
    from services.money.payouts import PayoutService
    from services.money.vault import Vault

UNSETTLED = ("SENDING", "SENT")
RETURNED, REJECTED, TREASURY_EMPTY = "RETURNED", "PROVIDER_REJECTED", "TREASURY_EMPTY"

log = structlog.get_logger(__name__)


class Sending(NamedTuple):
    """What its provider is to be asked for now."""

    provider: str
    order: PayoutOrder
    begun: datetime


class PayoutsTold:
    """What is done with notices about payouts: a job asks the provider, since it needs what was sent."""

    async def knows(self, db: Repositories, provider: str, ref: str) -> bool:
        return await db.payout_desk.knows(provider, ref) is not None

    async def look(self, provider: str, ref: str) -> None:
        """That is left to the job."""

    async def write(self, db: Repositories, event: ProviderEvent, found: None) -> None:
        del found
        payout_id = await db.payout_desk.knows(event.provider, event.object_ref or "")
        if payout_id is not None:
            await db.outbox.add(topics.LookAtPayout(payout_id))


class Answer(NamedTuple):
    """Of a provider: how the attempt is, or a code of ours where it was certainly refused; with neither it certainly
    has none. ``known`` is False where nobody can tell, and ``forgotten`` true where asking never will. ``by_file``: no
    provider is asked at all.
    """

    state: PayoutState | None = None
    refusal: str | None = None
    known: bool = True
    forgotten: bool = False
    by_file: bool = False


class PayoutBooks:
    def __init__(self, vault: Vault, payouts: PayoutService, config: Config) -> None:
        self._vault = vault
        self._payouts = payouts
        self._config = config

    def order_of(self, held: HeldPayout) -> PayoutOrder:
        """The attempt that stands. Raises ValueError where the bank details were sealed under a secret that is gone."""
        payout = held.row
        bank: Mapping[str, str | None] | None = None
        if payout.destination is not None:
            bank = self._vault.opened(Purpose.BANK_DETAILS, payout.destination)
        return PayoutOrder(payout.id, payout.attempt, payout.amount, payout.currency, held.account_ref, bank)

    def sending_of(
        self, held: HeldPayout, attempt: PayoutAttempt, *, over: bool = False, halted: bool = False
    ) -> Sending:
        """By which its provider finds the attempt: this needs no bank details.

        ``over``: it is about to end here, whatever the provider says. ``halted``: payouts are switched off.
        """
        payout, over = held.row, over or attempt.state not in UNSETTLED
        order = PayoutOrder(
            payout.id, payout.attempt, payout.amount, payout.currency, held.account_ref,
            begun=attempt.created_at, over=over, halted=halted,
        )  # fmt: skip
        return Sending(attempt.provider, order, attempt.created_at)

    async def pay(self, providers: PayoutFamily, sending: Sending, now: datetime) -> Answer:
        """``now``: when the provider is about to be asked. Whoever stopped in between for long may have been taken for
        lost, and then it is asked for another attempt: this one is left to ``find``.
        """
        if now - sending.begun > ASKED_WITHIN:
            return _unanswered(sending, ProviderUnavailable("too late to ask"))
        try:
            return Answer(await providers.pay(sending.provider, sending.order))
        except ProviderRejected as refusal:
            return Answer(refusal=str(refusal))
        except ProviderUnavailable as fault:
            return _unanswered(sending, fault)

    async def find(self, providers: PayoutFamily, sending: Sending, ref: str | None) -> Answer:
        try:
            if not providers.pays(sending.provider):
                return Answer(by_file=True)
            return Answer(await providers.find(sending.provider, sending.order, ref))
        except ProviderForgot as fault:
            return _unanswered(sending, fault, forgotten=True)
        except (ProviderRejected, ProviderUnavailable) as fault:
            return _unanswered(sending, fault)

    async def take(self, db: Repositories, sending: Sending, answer: Answer, now: datetime) -> None:
        """Make true here what the provider says of an attempt."""
        payout_id, number = sending.order.payout_id, sending.order.attempt
        if not answer.known:
            await self._ask_later(db, payout_id, number, now, forgotten=answer.forgotten)
            return
        if answer.by_file:
            await db.payout_desk.look_again(payout_id, None)
        elif answer.refusal is not None:
            await self.refuse(db, payout_id, number, answer.refusal, now)
        elif answer.state is None:
            await self.lost(db, payout_id, number, now)
        else:
            await self.settle(db, payout_id, number, answer.state, now)

    async def begin(
        self, db: Repositories, payout_id: UUID, providers: PayoutFamily, now: datetime, *, stopped: bool
    ) -> Sending | None:
        """Write down that the provider is asked. None where it is not to be.

        ``stopped``: the switch of payouts is thrown. What must hold is judged once more.
        """
        held = await db.payout_desk.hold(payout_id)
        if held is None or held.row.status != "APPROVED":
            return None
        payout = held.row
        try:
            if not providers.pays(payout.provider):
                await db.payout_desk.look_again(payout.id, None)
                return None
        except ProviderUnavailable:
            log.exception("payout.no_provider", payout=str(payout.id), provider=payout.provider)
            stopped = True
        if stopped:
            await db.payout_desk.look_again(payout.id, now + STOPPED_AGAIN)
            return None
        await db.ledger.hold(held.wallet)
        facts = await self._payouts.examine_again(db, payout)
        refusal, order, code = judge_standing(facts, self._config, now), None, METHOD
        if refusal is not None:
            code = refusal.code
        else:
            try:
                order = self.order_of(held)
            except ValueError:
                log.exception("payout.unreadable", payout=str(payout.id))
        if order is None:
            await self._stop(db, payout, code)
            return None
        await db.payout_desk.begin(payout, now, now + UNANSWERED)
        await db.ledger.post(flows.payout_sent(payout.id, payout.attempt, payout.amount))
        return Sending(payout.provider, order, now)

    async def _stop(self, db: Repositories, payout: Payout, code: str) -> None:
        """It was approved, and something does not hold any more. It is cancelled if the identity is not verified or the
        bank details changed. Anything else may be put right, and staff decides anew.
        """
        log.warning("payout.stopped", payout=str(payout.id), condition=code)
        if code == KYC:
            await self._payouts.end(db, payout, "CANCELLED", None)
            await self._payouts.tell(db, payout, "stopped", "IDENTITY")
        elif code == METHOD and await self._payouts.is_moved(db, payout):
            await self._payouts.end(db, payout, "CANCELLED", None)
            await self._payouts.tell(db, payout, "stopped", "BANK_DETAILS")
        else:
            await db.payout_desk.change(
                payout.id, status="PENDING", approved_at=None, first_by=None, second_by=None, due_at=None
            )
        await db.audit.record("payout.stopped", target=payout.user_id, payout=str(payout.id), condition=code)

    async def settle(self, db: Repositories, payout_id: UUID, number: int, state: PayoutState, now: datetime) -> None:
        """Whatever was told, how often and in which order: afterwards the books have what the provider says."""
        found = await self._attempt(db, payout_id, number)
        if found is None:
            if state.state in ("SENT", "PAID"):  # its owner may get the money twice, so somebody must look
                log.error("payout.paid_after_all", payout=str(payout_id), attempt=number, state=state.state)
            return
        held, attempt = found
        await self._note(db, attempt, state)
        if state.state == "PAID":
            await self._pay(db, held, attempt, now)
        elif state.state == "SENT":
            await self._send(db, held, attempt, now)
        elif attempt.state == "PAID":
            await self._give_back(db, held, attempt, now)
        elif attempt.state in UNSETTLED:
            await self._fail(db, held, attempt, RETURNED if state.state == RETURNED else state.reason, now)
        else:  # as it is here
            await db.payout_desk.look_again(payout_id, None)

    async def end(
        self, db: Repositories, held: HeldPayout, attempt: PayoutAttempt, outcome: Outcome, now: datetime
    ) -> None:
        """As staff says, of an attempt that is under way and whose provider says neither. It is still looked at: the
        provider may say otherwise later.
        """
        if outcome == "PROCESSED":
            await self._pay(db, held, attempt, now)
        else:
            await self._fail(db, held, attempt, REJECTED, now)
            await db.payout_desk.look_again(held.row.id, now + LOOKED_AT_EVERY)

    async def refuse(self, db: Repositories, payout_id: UUID, number: int, reason: str, now: datetime) -> None:
        """The provider certainly did not do it."""
        found = await self._attempt(db, payout_id, number)
        if found is not None and found[1].state == "SENDING":
            await self._fail(db, *found, reason, now)

    async def lost(self, db: Repositories, payout_id: UUID, number: int, now: datetime) -> None:
        """The provider certainly has no such attempt: it is over, and the next one is made, unless one of the staff
        says already what came of it, and another one is waited for.
        """
        found = await self._attempt(db, payout_id, number)
        if found is None or now - found[1].created_at < UNANSWERED:
            return
        held, attempt = found
        if attempt.state not in UNSETTLED:
            await self._watch(db, attempt, now)
            return
        forgotten = now - attempt.created_at > CERTAIN_FOR
        if attempt.state == "SENT" or forgotten:  # it was there, or may have been, so somebody must look
            log.error("payout.vanished", payout=str(payout_id), attempt=number, provider=attempt.provider)
            await db.payout_desk.look_again(payout_id, now + AGAIN)
            return
        if attempt.stated is not None:
            await db.payout_desk.look_again(payout_id, now + AGAIN)
            return
        await self._try_anew(db, held, None, now, now)
        await db.outbox.add(topics.SendPayout(payout_id))

    async def _attempt(self, db: Repositories, payout_id: UUID, number: int) -> tuple[HeldPayout, PayoutAttempt] | None:
        """None for one that is over, because another one has taken its place."""
        held = await db.payout_desk.hold(payout_id)
        attempt = await db.payout_desk.attempt(payout_id, number) if held is not None else None
        if held is None or attempt is None or held.row.attempt != number:
            return None
        return held, attempt

    async def _send(self, db: Repositories, held: HeldPayout, attempt: PayoutAttempt, now: datetime) -> None:
        if attempt.state == "SENDING":
            await db.payout_desk.mark_sent(attempt)
        if attempt.state in UNSETTLED:
            await db.payout_desk.look_again(held.row.id, now + AGAIN)
        else:
            await self._watch(db, attempt, now)

    async def _watch(self, db: Repositories, attempt: PayoutAttempt, now: datetime) -> None:
        """What is made, or settled by staff, each day for a while: the provider may say otherwise."""
        is_made = attempt.state == "PAID"
        if attempt.settled_at is not None and (is_made or attempt.stated is not None):
            watched = now - attempt.settled_at < (LOOKED_AT_FOR if is_made else WATCHED_FOR)
            await db.payout_desk.look_again(attempt.payout_id, now + LOOKED_AT_EVERY if watched else None)

    async def _ask_later(
        self, db: Repositories, payout_id: UUID, number: int, now: datetime, *, forgotten: bool = False
    ) -> None:
        """Nobody knows how it is. One that is under way is asked for again soon, also where a notice said so that it
        was not the turn of the clock; one that is over here less often; one that the clock leaves alone is left alone.

        ``forgotten``: asking tells nothing any more, so somebody must look.
        """
        found = await self._attempt(db, payout_id, number)
        if found is None or found[0].row.due_at is None:
            return
        if found[1].state not in UNSETTLED:
            await self._watch(db, found[1], now)
        elif forgotten:
            log.error("payout.vanished", payout=str(payout_id), attempt=number, provider=found[1].provider)
            await db.payout_desk.look_again(payout_id, now + AGAIN)
        else:
            await db.payout_desk.look_again(payout_id, now + UNANSWERED)

    async def _pay(self, db: Repositories, held: HeldPayout, attempt: PayoutAttempt, now: datetime) -> None:
        payout = held.row
        if attempt.state in UNSETTLED:
            rail = platform("rail", attempt.provider)
            await db.ledger.post(flows.payout_done(payout.id, attempt.number, rail, payout.amount))
            await db.payout_desk.pay(payout, now, due_at=now + LOOKED_AT_EVERY)
        elif attempt.state == "PAID":
            await self._watch(db, attempt, now)
        else:  # its owner has the money twice: payouts stop until somebody has looked
            log.error("payout.paid_after_all", payout=str(payout.id), attempt=attempt.number, was=attempt.state)
            await db.payout_desk.look_again(payout.id, None)
            if attempt.contradicted_at is None:
                await db.payout_desk.contradict(attempt, now)
                await db.audit.record("payout.contradicted", target=payout.user_id, payout=str(payout.id))
                await db.schedule.make_due(RECONCILE)

    async def _give_back(self, db: Repositories, held: HeldPayout, attempt: PayoutAttempt, now: datetime) -> None:
        """It was paid, and came back."""
        payout, rail = held.row, platform("rail", attempt.provider)
        returned = flows.payout_returned(held.wallet, payout.id, attempt.number, rail, payout.amount)
        await db.ledger.post(returned)
        await db.payout_desk.fail(payout, RETURNED, now)
        await self._payouts.tell(db, payout, "ended", why_ended(RETURNED))

    async def _fail(
        self, db: Repositories, held: HeldPayout, attempt: PayoutAttempt, told: str | None, now: datetime
    ) -> None:
        """What staff has said something of is not tried again."""
        payout, reason = held.row, told if told in FAILURES else REJECTED
        if reason == TREASURY_EMPTY and attempt.stated is None:
            log.error("payout.treasury_empty", payout=str(payout.id), provider=payout.provider, amount=payout.amount)
            await self._try_anew(db, held, reason, now, now + AGAIN)
            return
        await db.ledger.post(flows.payout_failed(held.wallet, payout.id, payout.attempt, payout.amount))
        await db.payout_desk.fail(payout, reason, now)
        await self._payouts.tell(db, payout, "ended", why_ended(reason))

    async def _try_anew(
        self, db: Repositories, held: HeldPayout, reason: str | None, now: datetime, due_at: datetime
    ) -> None:
        """The wallet gets the money of the attempt that failed, and the next attempt takes it once more."""
        payout, number = held.row, held.row.attempt + 1
        await db.ledger.post(flows.payout_failed(held.wallet, payout.id, payout.attempt, payout.amount))
        await db.payout_desk.settle(payout, "FAILED", reason, now)
        await db.ledger.post(flows.payout_requested(held.wallet, payout.id, number, payout.amount))
        await db.payout_desk.change(payout.id, status="APPROVED", attempt=number, due_at=due_at)

    async def _note(self, db: Repositories, attempt: PayoutAttempt, state: PayoutState) -> None:
        """Its id at the provider, and what that asks for it, once each is known."""
        fee = state.fee if attempt.fee is None else None
        if fee:
            rail = platform("rail", attempt.provider)
            await db.ledger.post(flows.payout_fee(attempt.payout_id, attempt.number, rail, fee))
        if attempt.ref is None or fee is not None:
            await db.payout_desk.note(attempt, state.ref, fee)


def _unanswered(sending: Sending, fault: Exception, *, forgotten: bool = False) -> Answer:
    payout = str(sending.order.payout_id)
    log.warning("payout.unanswered", payout=payout, provider=sending.provider, fault=str(fault))
    return Answer(known=False, forgotten=forgotten)
