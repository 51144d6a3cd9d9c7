"""Text messages that left their cause behind in the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import topics
from domain.auth import ALERT_EMAIL
from domain.auth import otp as rules
from domain.auth.sms import budget_of, is_unusual
from domain.locales import SUPPORTED_LOCALES
from domain.mailed_pages import STOP_RECOVERY

if TYPE_CHECKING:
    from jobs.needs import Clock, Config, Job, Texter, UnitOfWork


async def otp(job: Job[topics.OtpSms], uow: UnitOfWork, texter: Texter, clock: Clock) -> None:
    if not job.secret:  # the phone was not the one of the account: the caller was not told, and nobody gets a code
        return
    async with uow() as db:
        challenge = await db.challenges.find(job.payload.challenge)
    now = clock()
    if challenge is None or challenge.phone is None or not rules.is_current(challenge, job.payload.resend, now):
        return
    minutes = rules.minutes_left(challenge.expires_at, now)
    await texter.send(job, "otp", to=challenge.phone, locale=job.payload.locale, code=job.secret, minutes=minutes)


async def recovery_requested(job: Job[topics.RecoverySms], uow: UnitOfWork, texter: Texter, config: Config) -> None:
    """To the phone that the owner proved, with the link that stops it."""
    async with uow() as db:
        user = await db.users.find(job.payload.user)
    if user is None or user.status == "DELETED" or user.phone is None or user.phone_verified_at is None:
        return
    locale = user.locale or config[SUPPORTED_LOCALES][0]
    link = STOP_RECOVERY.link(job.secret).written(config, locale)
    await texter.send(job, "recovery_requested", to=user.phone, locale=locale, link=link)


async def watch_budgets(uow: UnitOfWork, config: Config, clock: Clock) -> None:
    """Tell the operators once a day of each budget that is nearly used up, or whose codes hardly ever come back."""
    now = clock()
    if not config[ALERT_EMAIL]:
        return
    async with uow.last() as db:
        for budget in await db.sms_budgets.list_of(now.date()):
            if is_unusual(budget, config) and await db.sms_budgets.mark_alerted(budget, now):
                most = budget_of(budget.country, config)
                await db.outbox.add(topics.SmsAlert(budget.country, budget.sent, budget.verified, most))
