"""What subscribing leaves to the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.creators.subscribers import MAILS_PER_ADDRESS

if TYPE_CHECKING:
    from domain import topics
    from jobs.needs import Clock, Config, Job, Subscriptions, UnitOfWork


async def resend(
    job: Job[topics.ResendSubscriptions], uow: UnitOfWork, config: Config, clock: Clock, subscriptions: Subscriptions
) -> None:
    async with uow.last() as db:
        for subscriber in await db.subscribers.waiting(job.secret, config[MAILS_PER_ADDRESS]):
            await subscriptions.mail_link(db, subscriber, clock())
