"""What sign-up leaves to the worker."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from domain import topics
from domain.auth import RESET_TTL_MINUTES, RESETTABLE, VERIFIABLE, VERIFICATION_TTL_HOURS
from domain.keys import Purpose
from domain.mails import allowance, allowance_of_known, allowance_of_strangers

if TYPE_CHECKING:
    from jobs.needs import Changes, Clock, Config, DigestsOf, Job, Repositories, UnitOfWork

MINUTE = timedelta(minutes=1)


async def resend_verification(
    job: Job[topics.ResendVerification],
    uow: UnitOfWork,
    config: Config,
    clock: Clock,
    digests: DigestsOf,
    changes: Changes,
) -> None:
    async with uow.last() as db:
        user = await db.users.find_by_email(job.secret)
        if user is None or user.email_verified or user.status not in VERIFIABLE:
            return
        if not await db.mail_quotas.take(digests(Purpose.MAIL_QUOTA, "verify", user.email), clock(), allowance(config)):
            return
        life = timedelta(hours=config[VERIFICATION_TTL_HOURS])
        token = await db.email_verifications.start(user.id, clock(), life)
        secret = (await changes.note_opening(db, user.id)).written(str(token))
        await db.outbox.add(topics.VerifyAddress(user.id, await _opened_through(db, user)), secret)


async def _opened_through(db: Repositories, user: Any) -> str | None:
    """The platform, of an account that has nothing else to sign in with."""
    linked = await db.oauth_links.platforms_of(user.id) if user.password_hash is None else set()
    return linked.pop() if linked else None


async def forgot_password(
    job: Job[topics.ForgotPassword], uow: UnitOfWork, config: Config, clock: Clock, digests: DigestsOf
) -> None:
    async with uow.last() as db:
        user = await db.users.find_by_email(job.secret)
        if user is None or user.status not in RESETTABLE:
            return
        strangers = allowance_of_strangers(config)
        most = allowance_of_known(config) if job.payload.asker == "known" else strangers
        sent = await db.mail_quotas.take(digests(Purpose.MAIL_QUOTA, "reset", user.email), clock(), most)
        if not sent:
            return
        # The owner may be taken for a stranger, whoever used the mails up.
        life = strangers.link_life(sent, timedelta(minutes=config[RESET_TTL_MINUTES]))
        token = await db.password_resets.start(user.id, clock(), life)
        await db.outbox.add(topics.ResetPassword(user.id, minutes=life // MINUTE), secret=str(token))
