"""What befalls creators by the clock."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from domain.creators.kyc import reminder, shadow
from domain.creators.vacation import settled
from domain.gdpr import day as day_of

if TYPE_CHECKING:
    from datetime import datetime

    from jobs.needs import Clock, Kyc, PayoutAccount, PayoutAccounts, Payouts, Repositories, UnitOfWork, VisitReport

BATCH = 1000
LOOKED_AT = 50


async def sweep_vacations(uow: UnitOfWork, clock: Clock) -> None:
    """Each in a transaction of its own: a creator whom somebody else holds keeps none of the others waiting."""
    now = clock()
    async with uow() as db:
        overdue = await db.creator_modes.overdue(now, BATCH)
    for creator_id in overdue:
        async with uow() as db:
            profile = await db.creator_modes.hold(creator_id)
            moved = settled(profile, now) if profile is not None else {}
            if moved:
                await db.creator_modes.change(creator_id, moved)
                await db.bio_pages.changed(creator_id, by_owner=False)


async def recount_visits(uow: UnitOfWork, clock: Clock, visit_report: VisitReport) -> None:
    """Compare the sums of yesterday with its visits, and make anew what is wrong, each page in its own transaction."""
    day, after, wrong = clock().date() - timedelta(days=1), UUID(int=0), 0
    while True:
        async with uow.reading() as db:
            found = await db.visits.miscounted(day, after, BATCH)
        for page_id in found:
            async with uow() as db:
                await db.visits.recount(page_id, day)
        wrong += len(found)
        if len(found) < BATCH:
            break
        after = found[-1]
    visit_report.tell(day, wrong)


async def look_at_kyc(uow: UnitOfWork, kyc: Kyc, clock: Clock) -> None:
    """Verifications under way of which nobody told for an hour: a notice may be lost."""
    async with uow() as db:
        stale = await db.kyc_sessions.take_stale(clock(), LOOKED_AT)
    for session in stale:
        try:
            found = await kyc.look_again(session)
            if found is not None:
                async with uow() as db:
                    await kyc.settle(db, session.user_id, session.id, found)
        except Exception as error:  # those behind it have their turn; its own comes again in an hour
            kyc.failed(session, error)


async def look_at_payout_accounts(uow: UnitOfWork, payout_accounts: PayoutAccounts, clock: Clock) -> None:
    """Accounts of which nobody told for long, and those that a provider was asked for without an answer."""
    now = clock()
    async with uow() as db:
        stale = await db.payout_accounts.take_stale(now, LOOKED_AT)
        unanswered = await db.payout_accounts.take_unanswered(now, LOOKED_AT)
    for account in stale:
        try:
            looked = await payout_accounts.look(account.provider, account.ref or "")
            async with uow() as db:
                await payout_accounts.settle(db, account, looked)
        except Exception as error:  # those behind it have their turn; its own comes again
            payout_accounts.failed(account, error)
    for account in unanswered:
        try:
            await _open(account, uow, payout_accounts)
        except Exception as error:  # as above
            payout_accounts.failed(account, error)


async def _open(account: PayoutAccount, uow: UnitOfWork, payout_accounts: PayoutAccounts) -> None:
    async with uow.reading() as db:
        user, form = await db.users.find(account.user_id), await db.tax_forms.newest(account.user_id)
    if user is None or user.status == "DELETED":
        return
    opened = await payout_accounts.open(account, user.email, None if form is None else form.country)
    async with uow() as db:
        await payout_accounts.connect(db, account, opened, None)


async def end_kyc(uow: UnitOfWork, payouts: Payouts, clock: Clock) -> None:
    """Verified identities that are over, or will be within days."""
    now = clock()
    async with uow.reading() as db:
        ending = await db.kyc_sessions.ending(now, BATCH)
    for row in ending:
        async with uow() as db:
            await _end_or_remind(db, payouts, row.user_id, row.id, now)


async def _end_or_remind(db: Repositories, payouts: Payouts, user_id: UUID, session_id: UUID, now: datetime) -> None:
    profile = await db.kyc_sessions.hold_profile(user_id)
    session = await db.kyc_sessions.get(session_id)
    if profile is None or session is None or session.state != "APPROVED" or session.valid_until is None:
        return
    newest = await db.kyc_sessions.newest(user_id)
    if session.valid_until <= now:
        changes = session.changes + 1
        await db.kyc_sessions.change(session.id, {"state": "EXPIRED", "changes": changes, "verified_name": None})
        if newest is not None and newest.id == session.id:
            await db.creator_modes.change(
                profile.id, shadow("EXPIRED", session.provider, session.ref, session.ended_at)
            )
            await payouts.cancel_open(db, user_id, None, "IDENTITY")
            await db.notifications.notify(
                "kyc_update", user_id, {"verdict": "expired"}, f"kyc:{session.id}:verdict:{changes}"
            )
    elif (days := reminder(session.valid_until, session.reminded, now)) is not None:
        await db.kyc_sessions.change(session.id, {"reminded": days})
        if newest is None or newest.id != session.id:
            return
        told = {"verdict": "expiring", "date": day_of(session.valid_until)}
        await db.notifications.notify("kyc_update", user_id, told, f"kyc:{session.id}:days:{days}")
