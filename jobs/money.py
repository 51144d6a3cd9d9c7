"""What befalls money by the clock: every row that is not settled is found here, whatever became of who made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import topics
from domain.creators.tax import REMINDERS
from domain.users import moment

if TYPE_CHECKING:
    from jobs.needs import Clock, Escrows, Gifts, Reconciler, UnitOfWork

BATCH = 50


async def checkpoint(uow: UnitOfWork) -> None:
    """Note what accounts of the platform have."""
    async with uow() as db:
        await db.tallies.checkpoint()


async def expire_escrows(uow: UnitOfWork, clock: Clock, escrows: Escrows) -> None:
    """Give back what nobody answered in time, each in a transaction of its own."""
    now = clock()
    async with uow() as db:
        due = await db.escrows.due(now, BATCH)
    for escrow_id in due:
        async with uow() as db:
            await escrows.refund(db, escrow_id, "EXPIRED", now)


async def expire_coupons(uow: UnitOfWork, clock: Clock) -> None:
    """End the reservations that ran out. Whoever is paying with one keeps it."""
    now = clock()
    while True:
        async with uow() as db:
            if await db.coupons.free_all(now, BATCH) < BATCH:
                return


async def expire_gifts(uow: UnitOfWork, clock: Clock, gifts: Gifts) -> None:
    now = clock()
    async with uow() as db:
        due = await db.gifts.due(now, BATCH)
    for grant_id, wallet in due:
        async with uow() as db:
            await gifts.expire(db, wallet, grant_id, now)


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


async def reconcile(uow: UnitOfWork, clock: Clock, reconciler: Reconciler) -> None:
    """Add up the whole ledger, and compare it with what it is about."""
    began = clock()
    async with uow() as db:
        seen, size = await reconciler.look(db)
    async with uow() as db:
        await reconciler.tell(db, seen, size, began, clock())
