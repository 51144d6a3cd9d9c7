"""Payments of which too little was heard: their providers are asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from domain import topics
from domain.money.payments import (
    ASKED_AGAIN_FOR,
    OPEN_AGAIN,
    REFUSED_AGAIN,
    SETTLED_AGAIN,
    order_of,
    refund_order,
    return_order,
)

if TYPE_CHECKING:
    from datetime import datetime

    from domain.money.payments import PaymentState
    from jobs.needs import Asked, Clock, Job, Payment, PaymentBooks, Payments, UnitOfWork

BATCH = 1000


async def sweep(uow: UnitOfWork, clock: Clock) -> None:
    """The outbox only wakes: what is not heard of is found here again."""
    async with uow.last() as db:
        for payment_id in await db.payments.take_up(clock(), OPEN_AGAIN, BATCH):
            await db.outbox.add(topics.LookAtPayment(payment_id))
        for refund_id in await db.refunds.take_up(clock(), OPEN_AGAIN, BATCH):
            await db.outbox.add(topics.RefundPayment(refund_id))
        for stray in await db.strays.take_up(clock(), OPEN_AGAIN, BATCH):
            returning = stray.state == "RETURNING"
            await db.outbox.add(
                topics.ReturnStray(stray.id) if returning else topics.ExamineSession(stray.provider, stray.ref)
            )


async def look(
    job: Job[topics.LookAtPayment], uow: UnitOfWork, payments: Payments, payment_books: PaymentBooks, clock: Clock
) -> None:
    """What was asked for without an answer is asked for again under the same key; else how it is by now."""
    payment_id = job.payload.payment
    async with uow.reading() as db:
        payment = (await db.payments.among([payment_id])).get(payment_id)
    if payment is None:
        return
    now = clock()
    if payment.ref is not None:
        state = await payment_books.find(payments, payment.provider, payment.ref)
        if state is None:  # asked every few minutes, it would be refused every few minutes
            async with uow.last() as db:
                if payment.status == "OPEN" and now - payment.expires_at > ASKED_AGAIN_FOR:
                    await payment_books.end(db, payment, "EXPIRED")
                await db.payments.look_again(payment_id, now + REFUSED_AGAIN)
            return
        async with uow.last() as db:
            await payment_books.settle(db, payment_id, state, now)
    elif payment.status == "OPEN":
        await _ask_again(payment, uow, payments, payment_books, now)


async def examine(
    job: Job[topics.ExamineSession], uow: UnitOfWork, payments: Payments, payment_books: PaymentBooks, clock: Clock
) -> None:
    """A session of which we were told, and which no payment was bound to in time."""
    provider, ref = job.payload.provider, job.payload.ref
    state = await payment_books.find(payments, provider, ref)
    if state is not None:
        async with uow.last() as db:
            await payment_books.examine(db, provider, state, clock())


async def end_session(job: Job[topics.EndSession], payments: Payments) -> None:
    """Nobody is to pay where the payment is not any more. What was paid there in spite of it is a stray."""
    await payments.end(job.payload.provider, job.payload.ref)


async def refund(
    job: Job[topics.RefundPayment], uow: UnitOfWork, payments: Payments, payment_books: PaymentBooks, clock: Clock
) -> None:
    """A refund that staff asked for. Its provider is looked at first: what was made already is not asked for again."""
    async with uow.reading() as db:
        asked = await db.refunds.asked(job.payload.refund)
    if asked is None or asked.row.status != "OPEN":
        return
    refund, now = asked.row, clock()
    state = await payment_books.find(payments, refund.provider, asked.session)
    if state is None:  # a session that was paid is gone: people must look
        async with uow.last() as db:
            await db.refunds.look_again(refund.id, now + REFUSED_AGAIN)
        return
    if refund.ref is None and all(each.refund_id != refund.id for each in state.refunds):
        if not await _is_hindered(asked, state, uow, payment_books, now):
            await _ask_back(asked, uow, payments, payment_books, now)
        return
    async with uow.last() as db:
        await payment_books.settle(db, refund.payment_id, state, now)
        await db.refunds.look_again(refund.id, now + SETTLED_AGAIN)


async def give_back(
    job: Job[topics.ReturnStray], uow: UnitOfWork, payments: Payments, payment_books: PaymentBooks, clock: Clock
) -> None:
    """Money that fits nothing goes back to who paid. What was given back already is not asked for again."""
    async with uow.reading() as db:
        stray = await db.strays.find(job.payload.stray)
    if stray is None or stray.state != "RETURNING" or stray.asked_at is None:
        return
    now, state = clock(), await payment_books.find(payments, stray.provider, stray.ref)
    if state is None:  # a session that was paid is gone: people must look
        async with uow.last() as db:
            await db.strays.look_again(stray.id, now + REFUSED_AGAIN)
        return
    if all(each.refund_id != stray.refund_id for each in state.refunds):
        young = now - stray.asked_at < ASKED_AGAIN_FOR
        told = await payments.give_back(stray.provider, return_order(stray)) if young else None
        if told is None:
            async with uow.last() as db:
                await db.strays.hold_again(stray.id, now + SETTLED_AGAIN)
            return
        state = replace(state, refunds=(*state.refunds, told))
    async with uow.last() as db:
        await payment_books.examine(db, stray.provider, state, now)


async def _is_hindered(
    asked: Asked, state: PaymentState, uow: UnitOfWork, payment_books: PaymentBooks, now: datetime
) -> bool:
    """What came since it was asked for, such as a dispute, comes first: then it has failed, and nobody is asked."""
    refund = asked.row
    async with uow() as db:
        await payment_books.settle(db, refund.payment_id, state, now)
        why = await payment_books.hindrance(db, refund)
        if why is not None:
            await payment_books.refused(db, refund, now, why)
    return why is not None


async def _ask_back(
    asked: Asked, uow: UnitOfWork, payments: Payments, payment_books: PaymentBooks, now: datetime
) -> None:
    """Not when the provider may have forgotten the key, and has none: then there is none, and will be none."""
    refund, order = asked.row, refund_order(asked.row, asked.session, asked.currency)
    young = now - refund.created_at < ASKED_AGAIN_FOR
    told = await payments.give_back(refund.provider, order) if young else None
    async with uow.last() as db:
        if told is None:
            await payment_books.refused(db, refund, now)
        else:
            await payment_books.answered(db, refund.payment_id, told, now)
            await db.refunds.look_again(refund.id, now + SETTLED_AGAIN)


async def _ask_again(
    payment: Payment, uow: UnitOfWork, payments: Payments, payment_books: PaymentBooks, now: datetime
) -> None:
    """Not when the provider may have forgotten the key: that could make a second session."""
    young = now - payment.created_at < ASKED_AGAIN_FOR
    checkout = await payments.again(payment.provider, order_of(payment)) if young else None
    async with uow.last() as db:
        held = await db.payments.hold(payment.id)
        if held is None or held.row.provider != payment.provider:
            if checkout is not None:
                await db.outbox.add(topics.EndSession(payment.provider, checkout.ref))
        elif checkout is not None:
            await db.payments.bind(payment.id, payment.provider, checkout, now + OPEN_AGAIN)
        elif await payment_books.end(db, payment, "FAILED"):
            await db.payments.look_again(payment.id, None)
