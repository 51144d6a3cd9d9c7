"""Mails that left their cause behind in the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from jobs.needs import Config, Job, Mailer, UnitOfWork


async def verify_address(job: Job, uow: UnitOfWork, mailer: Mailer, config: Config) -> None:
    async with uow() as db:
        user = await db.users.find(UUID(job.payload["user"]))
    if user is None or user.email_verified:  # nothing left to prove
        return
    link = f"{config['site.base_url']}/verify-email?token={job.secret}"
    hours = config["auth.verification_ttl_hours"]
    await mailer.send(job, "verify_address", to=user.email, locale=user.locale, link=link, hours=hours)


async def session_theft(job: Job, uow: UnitOfWork, mailer: Mailer) -> None:
    async with uow() as db:
        user = await db.users.find(UUID(job.payload["user"]))
    if user is not None and user.status != "DELETED":
        await mailer.send(job, "session_theft", to=user.email, locale=user.locale)


async def session_theft_alert(job: Job, mailer: Mailer, config: Config) -> None:
    if config["security.alert_email"]:
        await mailer.send(
            job, "session_theft_alert", to=config["security.alert_email"], locale=None, user=job.payload["user"]
        )
