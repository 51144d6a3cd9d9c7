"""Text messages that left their cause behind in the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain import otp as rules

if TYPE_CHECKING:
    from jobs.needs import Clock, Job, Texter, UnitOfWork


async def otp(job: Job, uow: UnitOfWork, texter: Texter, clock: Clock) -> None:
    if not job.secret:  # the phone was not the one of the account: the caller was not told, and nobody gets a code
        return
    async with uow() as db:
        challenge = await db.challenges.find(UUID(job.payload["challenge"]))
    now = clock()
    if challenge is None or challenge.phone is None or not rules.is_current(challenge, int(job.payload["resend"]), now):
        return
    minutes = rules.minutes_left(challenge.expires_at, now)
    await texter.send(job, "otp", to=challenge.phone, locale=job.payload["locale"], code=job.secret, minutes=minutes)
