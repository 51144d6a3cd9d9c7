"""What recurs so that nothing is kept longer than it serves a purpose."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from domain.admin.recoveries import KEPT as RECOVERY_KEPT
from domain.admin.statements import APPEAL_DAYS
from domain.auth import REFRESH_IDLE_DAYS, UNVERIFIED_PURGE_DAYS
from domain.auth.devices import KNOWN_LIFE
from domain.content.contact import RETENTION_DAYS
from domain.content.cookies import VISITOR_RETENTION_DAYS
from domain.creators.subscribers import UNCONFIRMED_KEPT, UNSUBSCRIBED_DAYS
from domain.creators.visits import RAW_RETENTION_DAYS, SUMS_KEPT

if TYPE_CHECKING:
    from jobs.needs import Clock, Config, UnitOfWork

BATCH = 1000
KEPT = timedelta(days=7)
DEAD_KEPT = timedelta(days=30)
OUTCOMES_KEPT = timedelta(hours=26)  # of providers: an answer tells of a day and the hour that it began in
BANK_FILES_KEPT = timedelta(days=30)
RETIRED_KEPT = timedelta(days=1)  # of signing keys: longer than any access token lives


async def forget_ended(uow: UnitOfWork, clock: Clock) -> None:
    now = clock()
    async with uow.last() as db:
        await db.outbox.purge(now - KEPT, now - DEAD_KEPT)
        await db.login_attempts.purge(now - KEPT)
        await db.mail_quotas.purge(now - KEPT)
        await db.mail_suppressions.purge(now)
        await db.challenges.purge(now - KEPT)
        await db.sms_budgets.purge((now - KEPT).date())
        await db.sign_in_challenges.purge(now - KEPT)
        await db.credential_changes.purge(now)
        await db.idempotency.purge()
        await db.oauth_used_tokens.purge()
        await db.payout_batches.wipe(now - BANK_FILES_KEPT)
        await db.signing_keys.purge(now - RETIRED_KEPT)
        await db.providers.purge(now - OUTCOMES_KEPT)
        await db.provider_events.forget(now)
        # No longer than the wishes for an address or a phone, which lead an erasure to these mails.
        await db.mailbox.purge(now - KEPT)


async def forget_sessions(uow: UnitOfWork, config: Config, clock: Clock) -> None:
    before, idle = clock() - KEPT, timedelta(days=config[REFRESH_IDLE_DAYS])
    async with uow.last() as db:
        await db.sessions.purge(before, idle)
        await db.known_devices.purge(before - KNOWN_LIFE)
        await db.email_verifications.purge(before)
        await db.email_changes.purge(before)
        await db.password_resets.purge(before)
        await db.reactivation_tokens.purge(before)
        await db.recoveries.purge(clock() - RECOVERY_KEPT)
        await db.cases.forget_strangers(clock() - timedelta(days=config[APPEAL_DAYS]))


async def forget_visitors(uow: UnitOfWork, config: Config, clock: Clock) -> None:
    now = clock()
    async with uow.last() as db:
        await db.contact_messages.purge(now - timedelta(days=config[RETENTION_DAYS]))
        left_since = now - timedelta(days=config[UNSUBSCRIBED_DAYS])
        await db.subscribers.purge(now - UNCONFIRMED_KEPT, left_since)
        await db.consents.forget_visitors(now - timedelta(days=config[VISITOR_RETENTION_DAYS]))
        visits, sums = now - timedelta(days=config[RAW_RETENTION_DAYS]), now - SUMS_KEPT
        await db.visits.purge(visits, sums.date(), today=now.date())


async def key_tombstones(uow: UnitOfWork) -> None:
    async with uow.last() as db:
        await db.users.key_tombstones(BATCH)


async def forget_unverified(uow: UnitOfWork, config: Config, clock: Clock) -> None:
    life = timedelta(days=config[UNVERIFIED_PURGE_DAYS])
    async with uow.last() as db:
        await db.users.purge_unverified(clock() - life)
