"""Payouts that are due: approved where nobody has to, sent, and looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain import topics
from domain.errors import ApiError
from domain.money.payout_approval import UNANSWERED, approves_itself
from domain.money.payout_rules import judge_standing
from domain.money.payouts import AUTOMATIC_AT_ONCE, week_of
from domain.switches import PAYOUT

if TYPE_CHECKING:
    from datetime import datetime

    from jobs.needs import Clock, Config, Job, PayoutBooks, PayoutProviders, Payouts, UnitOfWork

BATCH = 1000


async def sweep(uow: UnitOfWork, clock: Clock) -> None:
    """The outbox only wakes: what was left in the middle is found here again."""
    kinds: dict[str, type[topics.AboutPayout]] = {"PENDING": topics.ReviewPayout, "APPROVED": topics.SendPayout}
    async with uow.last() as db:
        for payout_id, status in await db.payout_desk.take_up(clock(), UNANSWERED, BATCH):
            await db.outbox.add(kinds.get(status, topics.LookAtPayout)(payout_id))


async def request_automatic(uow: UnitOfWork, payouts: Payouts, config: Config, clock: Clock) -> None:
    """Each week, for whoever wants that. What does not hold is noted, and told by their settings alone.

    One that fails keeps none of the others waiting. After a batch of failures the rest is left to the next run. Raises
    the first failure in the end.
    """
    if PAYOUT.stops(config[PAYOUT]):
        return
    now, after, failures = clock(), UUID(int=0), list[Exception]()
    while len(failures) < AUTOMATIC_AT_ONCE:
        async with uow.reading() as db:
            due = await db.bank_details.automatic(week_of(now), after, AUTOMATIC_AT_ONCE)
        for user_id in due:
            try:
                await _request_automatic(user_id, now, uow, payouts)
            except Exception as failure:  # whatever it is: those behind have their turn
                payouts.failed(user_id, failure)
                failures.append(failure)
        if len(due) < AUTOMATIC_AT_ONCE:
            break
        after = due[-1]
    for first in failures:
        raise first


async def _request_automatic(user_id: UUID, now: datetime, uow: UnitOfWork, payouts: Payouts) -> None:
    try:
        async with uow() as db:
            await payouts.request_automatic(db, user_id, now)
    except ApiError as refusal:
        async with uow() as db:
            await db.payouts.hold_owner(user_id)
            await db.bank_details.requested(user_id, week_of(now), now, refusal.code)


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
            await db.payout_desk.look_again(payout_id, None)
            return
        await db.ledger.hold(held.wallet)
        if judge_standing(await payouts.examine_again(db, held.row), config, now) is not None:
            await db.payout_desk.look_again(payout_id, None)
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
    answer = await payout_books.pay(payout_providers, sending, clock())
    async with uow.last() as db:
        await payout_books.take(db, sending, answer, clock())


async def look(
    job: Job[topics.LookAtPayout],
    uow: UnitOfWork,
    payout_providers: PayoutProviders,
    payout_books: PayoutBooks,
    config: Config,
    clock: Clock,
) -> None:
    """How the last attempt is by now, also while payouts are stopped: then it is only read, and what the provider has
    not brought to its end waits.
    """
    payout_id = job.payload.payout
    async with uow.reading() as db:
        read = await db.payout_desk.read(payout_id)
        attempt = await db.payout_desk.attempt(payout_id, read.row.attempt) if read is not None else None
    if read is None or attempt is None:
        return
    sending = payout_books.sending_of(read, attempt, halted=PAYOUT.stops(config[PAYOUT]))
    answer = await payout_books.find(payout_providers, sending, attempt.ref)
    async with uow.last() as db:
        await payout_books.take(db, sending, answer, clock())
