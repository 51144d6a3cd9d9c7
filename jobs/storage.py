"""Files after their upload: looked at, cleaned and shown, or removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain import topics
from domain.upload import (
    ENDED_KEPT,
    LATEST,
    MOST_LOOKS,
    SLACK,
    Refused,
    StoredFile,
    incoming,
    is_over,
    next_look,
    owner_of,
    require_claimed,
)

if TYPE_CHECKING:
    from datetime import datetime

    from jobs.needs import Clock, Inspector, Job, Repositories, Storage, UnitOfWork

BATCH = 1000


async def inspect_upload(
    job: Job[topics.InspectUpload], uow: UnitOfWork, storage: Storage, inspector: Inspector, clock: Clock
) -> None:
    """Show a file that is what it claims to be, cleaned; remove any other, and say why in its row."""
    async with uow() as db:
        upload = await db.uploads.find(job.payload.upload)
    if upload is None or upload.status != "PENDING" or upload.user_id is None:
        return
    source, stored = await _arrived(storage, upload, moved=job.attempt > 1 or is_over(upload.expires_at, clock()))
    if stored is None:
        await _wait(upload, uow, clock)
        return
    outcome: dict[str, Any] = {"status": "STORED", "size": stored.size}
    try:
        await _show(storage, inspector, upload, source, stored)
    except Refused as refusal:
        outcome = {"status": "REJECTED", "size": stored.size, "reason": refusal.reason}
        await storage.of(upload.provider).delete(upload.key)
    now = clock()
    if not _may_take_more(upload, now):  # else what lies there keeps the URL from taking another file
        await storage.of(upload.provider).delete(incoming(upload.key))
    async with uow.last() as db:
        settled = await db.uploads.settle(upload.id, **outcome)
        gone = not settled and await db.uploads.is_gone(upload.id)
        await _remove_later(db, upload, now)
    if gone:  # while it was looked at
        await storage.remove(upload.provider, upload.key)


def _may_take_more(upload: Any, now: datetime) -> bool:
    return bool(upload.direct and upload.expires_at > now - LATEST)


async def _remove_later(db: Repositories, upload: Any, now: datetime) -> None:
    """What comes straight to the storage when nobody looks for it any more."""
    if _may_take_more(upload, now):
        wait = upload.expires_at + LATEST - now
        await db.outbox.add_later(topics.DeleteIncoming(upload.provider, upload.key), wait)


async def _arrived(storage: Storage, upload: Any, *, moved: bool) -> tuple[str, StoredFile | None]:
    """Where the file lies: under its own name where an earlier version took it, or a look ended early.

    Each question to the storage costs: nobody asks for the second name (``moved``) before anything can lie there.
    """
    provider = storage.of(upload.provider)
    for key in (incoming(upload.key), upload.key) if moved or upload.uploaded_at else (incoming(upload.key),):
        stored = await provider.find(key)
        if stored is not None:
            return key, stored
    return "", None


async def _wait(upload: Any, uow: UnitOfWork, clock: Clock) -> None:
    """Until the URL takes nothing any more, and nobody used it."""
    now = clock()
    async with uow.last() as db:
        if is_over(upload.expires_at, now):
            await db.uploads.end_unused(upload.id)
            await _remove_later(db, upload, now)
        elif upload.direct:
            pause = next_look(upload.created_at, upload.expires_at, now)
            await db.outbox.add_later(topics.InspectUpload(upload.id), pause)


async def _show(storage: Storage, inspector: Inspector, upload: Any, source: str, stored: StoredFile) -> None:
    """Raises Refused."""
    require_claimed(upload.content_type, upload.max_bytes, stored)
    provider = storage.of(upload.provider)
    async with (
        provider.read(source) as pieces,
        inspector.cleaned(pieces, upload.content_type, upload.max_bytes) as file,
    ):
        await provider.put(upload.key, upload.content_type, file)


async def delete_incoming(job: Job[topics.DeleteIncoming], storage: Storage) -> None:
    """What came by a URL that takes nothing any more, and was dealt with."""
    await storage.of(job.payload.provider).delete(incoming(job.payload.key))


async def sweep_uploads(uow: UnitOfWork, storage: Storage, clock: Clock) -> None:
    """Look at files whose own job is lost, end URLs that nobody used, and forget halves of files that nobody sends."""
    now = clock()
    await storage.tidy()
    async with uow.last() as db:
        await db.uploads.purge(now - ENDED_KEPT)
        for upload, looks, deadly in await db.uploads.list_expired(now - SLACK, BATCH):
            if looks >= MOST_LOOKS or deadly:
                await _give_up(db, upload, now)
            else:
                await db.outbox.add(topics.InspectUpload(upload.id))


async def _give_up(db: Repositories, upload: Any, now: datetime) -> None:
    """A file that nobody can look at may not wait for ever, nor may a part of it stay."""
    if await db.uploads.settle(upload.id, "REJECTED", reason="not_checked"):
        await db.outbox.add(topics.DeleteUnchecked(upload.provider, upload.key))
        await _remove_later(db, upload, now)


async def delete_unchecked(job: Job[topics.DeleteUnchecked], storage: Storage) -> None:
    """What came, and what a look that ended halfway may have shown of it."""
    await storage.remove(job.payload.provider, job.payload.key)


async def delete_file(job: Job[topics.DeleteFile], uow: UnitOfWork, storage: Storage, clock: Clock) -> None:
    """Remove the file behind a public URL that its account does not show any more.

    Anybody may name any URL: it must be of the account's own folder, and where no account is named an avatar's.
    """
    found = storage.find(job.payload.url)
    if found is None:
        return
    provider, key = found[0].name, found[1]
    owner, user = owner_of(key), job.payload.user
    if owner is None or (owner != user if user else not key.startswith("avatars/")):
        return
    async with uow() as db:
        account = await db.users.find(owner)
    if account is not None and account.avatar_url == job.payload.url:
        return
    await storage.remove(provider, key)
    async with uow.last() as db:
        upload = await db.uploads.mark_deleted(key)
        if upload is not None:  # its account may have shown it before it came
            await _remove_later(db, upload, clock())
