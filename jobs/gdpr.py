"""Exports and erasures, carried out so that a crash at any step is only a delay."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from domain import topics
from domain.errors import ApiError
from domain.gdpr import EXPORT_TRIES, EXPORT_TTL_HOURS, STALLED, export_keys
from domain.money.closing import PATIENCE
from domain.money.refunds import REFUND_DAYS
from domain.upload import LATEST, STORAGE_PROVIDER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from jobs.needs import (
        Archives,
        Clock,
        Closings,
        Config,
        Escrows,
        Farewell,
        Job,
        Payouts,
        Repositories,
        Storage,
        UnitOfWork,
    )

BATCH = 1000


async def build_export(
    job: Job[topics.BuildExport], uow: UnitOfWork, archives: Archives, storage: Storage, config: Config, clock: Clock
) -> None:
    request_id = job.payload.request
    async with uow() as db:
        user_id = await db.gdpr_requests.begin_export(request_id)
    if user_id is None:
        return
    keys = export_keys(user_id, request_id)
    *former, key = keys[: job.attempt]
    try:
        provider = storage.active
        async with archives.of(user_id) as file:
            size = file.stat().st_size
            await provider.put(key, "application/zip", file)
    except Exception:
        if job.attempt < EXPORT_TRIES:
            raise
        async with uow.last() as db:  # the person may ask anew; the storage may have the archive nevertheless
            await db.gdpr_requests.fail_export(request_id, clock())
            await _remove_archives(db, config[STORAGE_PROVIDER], keys)
        return

    now = clock()
    async with uow.last() as db:
        kept = await db.gdpr_requests.complete_export(request_id, user_id, now)
        if kept:
            expires_at = now + timedelta(hours=config[EXPORT_TTL_HOURS])
            archive = {"key": key, "provider": provider.name, "size": size, "expires_at": expires_at}
            await db.data_exports.add(request_id=request_id, user_id=user_id, **archive)
            await _remove_archives(db, provider.name, former)
            await db.outbox.add(topics.ExportReady(user_id))
    if not kept:
        await provider.delete(key)


async def _remove_archives(db: Repositories, provider: str, keys: Sequence[str]) -> None:
    for key in keys:
        await db.outbox.add(topics.RemoveArchive(provider, key))


async def remove_archive(job: Job[topics.RemoveArchive], storage: Storage) -> None:
    await storage.of(job.payload.provider).delete(job.payload.key)


async def sweep_exports(uow: UnitOfWork, config: Config, clock: Clock) -> None:
    now = clock()
    async with uow.last() as db:
        for user_id, export_id in await db.gdpr_requests.give_up_stalled(now - STALLED, now):
            keys = export_keys(user_id, export_id)  # a worker may have died when the storage had its archive
            await _remove_archives(db, config[STORAGE_PROVIDER], keys)
        for export_id in await db.data_exports.list_expired(now, BATCH):
            await db.outbox.add(topics.ForgetExport(export_id))


async def forget_export(job: Job[topics.ForgetExport], uow: UnitOfWork, storage: Storage) -> None:
    async with uow() as db:
        export = await db.data_exports.find(job.payload.export)
    if export is None:
        return
    await storage.of(export.provider).delete(export.key)
    async with uow.last() as db:
        await db.data_exports.forget(export.id)


async def erase_due(uow: UnitOfWork, clock: Clock) -> None:
    async with uow.last() as db:
        for request_id in await db.gdpr_requests.list_due_deletions(clock(), BATCH):
            await db.outbox.add(topics.Erase(request_id))


async def erase(
    job: Job[topics.Erase],
    uow: UnitOfWork,
    storage: Storage,
    config: Config,
    clock: Clock,
    escrows: Escrows,
    payouts: Payouts,
    closings: Closings,
) -> None:
    """First nobody can stop it, then money is settled and the files go, then all other rows at once; each step can be
    taken again."""
    request_id = job.payload.request
    farewell = await _begin(request_id, uow, clock())
    if farewell is None or not await _settle(farewell, uow, config, escrows, payouts, closings, clock()):
        return
    await _remove_files(farewell.user_id, uow, storage)

    now = clock()
    async with uow.last() as db:
        if not await _is_settled(farewell, db, now):
            return  # something began meanwhile: as for one that has to wait
        cancelled = await db.gdpr_requests.end_erasure(request_id, farewell.user_id, now)
        if cancelled is None:
            return
        for export_id in cancelled:  # a try that failed may have left its archive
            keys = export_keys(farewell.user_id, export_id)
            await _remove_archives(db, config[STORAGE_PROVIDER], keys)
        left = await closings.close(db, farewell.user_id, now)
        subject = await db.personal_data.subject(farewell.user_id)
        if subject is not None:
            await db.personal_data.erase(subject)
        await db.audit.record("gdpr.erase.success", target=farewell.user_id)
        # The address lives on in this job only, sealed, until the mail is out.
        told = topics.AccountErased(
            farewell.locale or None, None if left is None else left.told, None if left is None else left.told_earnings
        )
        await db.outbox.add(told, secret=farewell.email if left is None else f"{farewell.email} {left.code}")


async def _begin(request_id: UUID, uow: UnitOfWork, now: datetime) -> Farewell | None:
    """None when it is not to be, or waits until somebody else owns the platform."""
    try:
        async with uow() as db:
            farewell = await db.gdpr_requests.begin_erasure(request_id, now)
            if farewell is not None:
                await db.staff.require_other_owner(farewell.user_id)
            return farewell
    except ApiError:
        return None


async def _settle(
    farewell: Farewell,
    uow: UnitOfWork,
    config: Config,
    escrows: Escrows,
    payouts: Payouts,
    closings: Closings,
    now: datetime,
) -> bool:
    """Prices that wait go back, whoever waits for them, payouts that are not under way, and money that was not spent.

    Whether nothing else of money is open, or was for too long: an erasure that has to wait is found again by
    ``erase_due``.
    """
    user_id = farewell.user_id
    while prices := await _prices(user_id, uow):
        for escrow_id, is_creator in prices:
            async with uow() as db:
                await escrows.refund(db, escrow_id, "CREATOR_GONE" if is_creator else "FAN_GONE", now)
    async with uow() as db:
        await payouts.cancel_open(db, user_id, None, None)
    async with uow.reading() as db:
        payments = await db.closings.refundable(user_id, now - timedelta(days=config[REFUND_DAYS]))
    for payment_id in payments:
        async with uow() as db:
            await closings.refund(db, payment_id, now)
    async with uow.reading() as db:
        return await _may_end(farewell, db, now)


async def _is_settled(farewell: Farewell, db: Repositories, now: datetime) -> bool:
    """Whether it still may end, and no payout is left whose money would be in none of the wallets that are closed.

    Nobody begins anything until the unit ends.
    """
    await db.closings.hold(farewell.user_id)
    return await _may_end(farewell, db, now) and not await db.payouts.hold_unsent(farewell.user_id)


async def _may_end(farewell: Farewell, db: Repositories, now: datetime) -> bool:
    return now - farewell.since > PATIENCE or not await db.closings.is_busy(farewell.user_id)


async def _prices(user_id: UUID, uow: UnitOfWork) -> Sequence[tuple[UUID, bool]]:
    async with uow.reading() as db:
        return await db.closings.prices(user_id)


async def _remove_files(user_id: UUID, uow: UnitOfWork, storage: Storage) -> None:
    """A file is forgotten once it is gone, so that the next try of a job that ended early goes on from there."""
    while True:
        async with uow() as db:
            files = await db.files.of(user_id, BATCH)
        if not files:
            return
        await storage.remove_all(files)
        async with uow() as db:
            await db.files.forget(user_id, [key for _, key in files])


async def sweep_ownerless(uow: UnitOfWork) -> None:
    async with uow.last() as db:
        for provider in await db.files.keepers_of_ownerless():
            await db.outbox.add(topics.RemoveOwnerless(provider))


async def remove_ownerless(job: Job[topics.RemoveOwnerless], uow: UnitOfWork, storage: Storage, clock: Clock) -> None:
    """A file whose URL may still take another one is removed again by the next such job."""
    provider, last = job.payload.provider, ""
    while True:
        async with uow() as db:
            keys = await db.files.ownerless(provider, last, BATCH)
        if not keys:
            return
        await storage.remove_all((provider, key) for key in keys)
        async with uow() as db:
            await db.files.forget_ownerless(keys, clock() - LATEST)
        last = keys[-1]
