"""What befalls money by the clock: every row that is not settled is found here, whatever became of who made it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from domain import topics
from domain.creators.tax import REMINDERS
from domain.money.amounts import Money
from domain.money.ledger import LedgerError
from domain.money.movements import LOOKED_AT_FIRST, MOST_DAYS, last_settled
from domain.users import moment

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from jobs.needs import (
        Clock,
        Closings,
        Escrows,
        Gifts,
        Job,
        MovementBooks,
        Reconciler,
        Repositories,
        Rewards,
        UnitOfWork,
    )
    from persistence.money.movements import Book

BATCH = 50
NONE = UUID(int=0)


async def checkpoint(uow: UnitOfWork) -> None:
    """Note what accounts of the platform have."""
    async with uow() as db:
        await db.tallies.checkpoint()


async def expire_escrows(uow: UnitOfWork, clock: Clock, escrows: Escrows) -> None:
    """Give back what nobody answered in time."""
    now = clock()

    async def due(db: Repositories, past: Sequence[UUID]) -> Sequence[UUID]:
        return await db.escrows.due(now, past, BATCH)

    async def settle(db: Repositories, escrow_id: UUID) -> None:
        await escrows.refund(db, escrow_id, "EXPIRED", now)

    await _each(uow, due, settle)


async def expire_coupons(uow: UnitOfWork, clock: Clock) -> None:
    """End the reservations that ran out. Whoever is paying with one keeps it."""
    now = clock()
    while True:
        async with uow() as db:
            if await db.coupons.free_all(now, BATCH) < BATCH:
                return


async def expire_gifts(uow: UnitOfWork, clock: Clock, gifts: Gifts) -> None:
    """Take back what is left of gifts that have expired."""
    now = clock()

    async def due(db: Repositories, past: Sequence[UUID]) -> Sequence[UUID]:
        return await db.gifts.due(now, past, BATCH)

    async def settle(db: Repositories, grant_id: UUID) -> None:
        wallet = await db.gifts.wallet_of(grant_id)
        await gifts.expire(db, wallet, grant_id, now)

    await _each(uow, due, settle)


async def settle_rewards(uow: UnitOfWork, clock: Clock, rewards: Rewards) -> None:
    """Pay the rewards of referrals that have stood long enough, and take back those whose money went back."""
    now = clock()

    async def due(db: Repositories, past: Sequence[UUID]) -> Sequence[UUID]:
        return await rewards.due(db, now, past, BATCH)

    async def settle(db: Repositories, reward_id: UUID) -> None:
        await rewards.settle(db, reward_id, now)

    await _each(uow, due, settle)


async def empty_closed(uow: UnitOfWork, clock: Clock, closings: Closings) -> None:
    """Keep what came to closed wallets for who may claim it."""
    now, after = clock(), NONE

    async def due(db: Repositories, past: Sequence[UUID]) -> Sequence[UUID]:
        del past  # each is asked for once: what cannot be given to anybody stays where it is
        nonlocal after
        found = await db.closings.late(after, BATCH)
        after = found[-1] if found else after
        return found

    async def settle(db: Repositories, wallet_id: UUID) -> None:
        await closings.empty_again(db, wallet_id, now)

    await _each(uow, due, settle)


async def _each(
    uow: UnitOfWork,
    due: Callable[[Repositories, Sequence[UUID]], Awaitable[Sequence[UUID]]],
    settle: Callable[[Repositories, UUID], Awaitable[None]],
) -> None:
    """All that is due, each in a transaction of its own. One that fails keeps none of the others waiting.

    ``due`` is told which have failed by then. After a batch of failures the rest is left to the next run. Raises the
    first failure in the end.
    """
    failed: dict[UUID, LedgerError] = {}
    batch: Sequence[UUID] = ()
    while len(failed) < BATCH:
        async with uow() as db:
            batch = await due(db, [*failed])
        for row_id in batch:
            try:
                async with uow() as db:
                    await settle(db, row_id)
            except LedgerError as error:
                failed[row_id] = error
        if len(batch) < BATCH:
            break
    for first in failed.values():
        raise first


async def remind_tax_forms(uow: UnitOfWork, clock: Clock) -> None:
    """Whoever is told that one day is left is not told of the thirty before."""
    now = clock()
    for days in sorted(REMINDERS):
        told = BATCH
        while told == BATCH:
            async with uow() as db:
                forms = await db.tax_forms.remind(now, days, BATCH)
                for form in forms:
                    await db.outbox.add(topics.TaxFormEnds(form.user_id, moment(form.ends_at)))
            told = len(forms)


async def tell_of_debt(job: Job[topics.TellOfDebt], uow: UnitOfWork) -> None:
    """As much as is owed by now. Of a debt that was paid or written off nobody is told, nor of another in its place."""
    told = job.payload
    async with uow() as db:
        debt = await db.debts.of(told.wallet)
        if debt is not None and debt.number == told.number:
            data = {"amount": str(Money(debt.amount))}
            dedup = f"debt:{told.wallet}:{told.number}:{told.days}"
            await db.notifications.notify("debt_owed", told.user, data, dedup)


async def reconcile(uow: UnitOfWork, clock: Clock, reconciler: Reconciler) -> None:
    """Add up the whole ledger, and compare it with what it is about."""
    began = clock()
    seen, size = await reconciler.look(uow)
    async with uow() as db:
        await reconciler.tell(db, seen, size, began, clock())


async def read_movements(uow: UnitOfWork, clock: Clock, movement_books: MovementBooks) -> None:
    """What moved at each provider by now, day by day, and whether the ledger says the same."""
    async with uow.reading() as db:
        books = await db.movements.books()
    for book in books:
        if movement_books.tells(book.account):
            await _read(book, uow, clock, movement_books)
            await _compare(book, uow, clock, movement_books)


async def _read(book: Book, uow: UnitOfWork, clock: Clock, movement_books: MovementBooks) -> None:
    """In their order: behind a day that cannot be read none is."""
    day = book.since if book.until is None else book.until + timedelta(days=1)
    for _ in range(MOST_DAYS):
        if day > last_settled(clock()):
            return
        lines = await movement_books.ask(book.account, day)
        async with uow() as db:
            if isinstance(lines, str):
                await db.movements.miss(book.account, day, lines)
                return
            await db.movements.keep(book.account, day, lines, clock())
        day += timedelta(days=1)


async def _compare(book: Book, uow: UnitOfWork, clock: Clock, movement_books: MovementBooks) -> None:
    """What has differed since a while, all of it of one moment."""
    async with uow.reading() as db:
        days = await db.movements.uncompared(book.account)
    if days is None:
        return
    async with uow() as db:
        if clock() - days.read_at < LOOKED_AT_FIRST:
            await movement_books.look(db, book.account, days.until)
        else:
            await movement_books.compare(db, book.account, days.until, clock())
