"""Payouts that are due: approved where nobody has to, sent, and looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from domain import topics
from domain.money.payout_approval import STOPPED_AGAIN, approves_itself
from domain.money.payout_rules import judge_standing
from domain.switches import PAYOUT
from providers.ports import ProviderRejected, ProviderUnavailable

if TYPE_CHECKING:
    from jobs.needs import Clock, Config, Job, PayoutBooks, PayoutProviders, Payouts, UnitOfWork

BATCH = 1000

log = structlog.get_logger(__name__)


async def sweep(uow: UnitOfWork, clock: Clock) -> None:
    """The outbox only wakes: what was left in the middle is found here again."""
    kinds: dict[str, type[topics.AboutPayout]] = {"PENDING": topics.ReviewPayout, "APPROVED": topics.SendPayout}
    async with uow.last() as db:
        for payout_id, status in await db.payout_desk.take_up(clock(), STOPPED_AGAIN, BATCH):
            await db.outbox.add(kinds.get(status, topics.LookAtPayout)(payout_id))


async def review(
    job: Job[topics.ReviewPayout], uow: UnitOfWork, payouts: Payouts, config: Config, clock: Clock
) -> None:
    """What does not hold is for staff to look at."""
    payout_id, now = job.payload.payout, clock()
    async with uow.last() as db:
        held = await db.payout_desk.hold(payout_id)
        if held is None or held.row.status != "PENDING":
            return
        if not approves_itself(held.row, config):
            await db.payout_desk.change(payout_id, due_at=None)
            return
        await db.ledger.hold(held.wallet)
        if judge_standing(await payouts.examine_again(db, held.row), config, now) is not None:
            await db.payout_desk.change(payout_id, due_at=None)
            return
        await db.payout_desk.change(payout_id, status="APPROVED", approved_at=now, due_at=now)
        await db.audit.record("payout.approved", target=held.row.user_id, payout=str(payout_id))
        await db.outbox.add(topics.SendPayout(payout_id))


async def send(
    job: Job[topics.SendPayout],
    uow: UnitOfWork,
    payout_providers: PayoutProviders,
    payout_books: PayoutBooks,
    config: Config,
    clock: Clock,
) -> None:
    """Where it stops in between, or nobody knows what became of it, ``look`` asks later on."""
    payout_id, stopped = job.payload.payout, PAYOUT.stops(config[PAYOUT])
    async with uow() as db:
        sending = await payout_books.begin(db, payout_id, payout_providers, clock(), stopped=stopped)
    if sending is None:
        return
    provider, order = sending
    try:
        state = await payout_providers.pay(provider, order)
    except ProviderUnavailable as fault:
        log.warning("payout.unanswered", payout=str(payout_id), provider=provider, fault=str(fault))
    except ProviderRejected as refusal:
        async with uow.last() as db:
            await payout_books.refuse(db, payout_id, order.attempt, str(refusal), clock())
    else:
        async with uow.last() as db:
            await payout_books.settle(db, payout_id, order.attempt, state, clock())


async def look(
    job: Job[topics.LookAtPayout],
    uow: UnitOfWork,
    payout_providers: PayoutProviders,
    payout_books: PayoutBooks,
    clock: Clock,
) -> None:
    """How the last attempt is by now."""
    payout_id = job.payload.payout
    async with uow.reading() as db:
        read = await db.payout_desk.read(payout_id)
        attempt = await db.payout_desk.attempt(payout_id, read.row.attempt) if read is not None else None
    if read is None or attempt is None:
        return
    order, provider = payout_books.known_as(read), attempt.provider
    try:
        if not payout_providers.pays(provider):
            async with uow.last() as db:
                await db.payout_desk.change(payout_id, due_at=None)
            return
        found = await payout_providers.find(provider, order, attempt.ref)
    except (ProviderUnavailable, ProviderRejected) as fault:
        log.warning("payout.unanswered", payout=str(payout_id), provider=provider, fault=str(fault))
        return
    async with uow.last() as db:
        if found is None:
            await payout_books.lost(db, payout_id, order.attempt, clock())
        else:
            await payout_books.settle(db, payout_id, order.attempt, found, clock())
