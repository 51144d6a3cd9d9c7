"""Files after their upload: looked at, kept or removed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.uploads import ENDED_KEPT, HEAD_BYTES, SLACK, fault_of, owner_of

if TYPE_CHECKING:
    from jobs.needs import Clock, Job, Storage, UnitOfWork

BATCH = 1000


async def inspect_upload(job: Job, uow: UnitOfWork, storage: Storage, clock: Clock) -> None:
    """Keep a file that is what it claims to be; remove any other, and say why in its row."""
    async with uow() as db:
        upload = await db.uploads.find(UUID(job.payload["upload"]))
    if upload is None or upload.status != "PENDING":
        return
    provider = storage.of(upload.provider)
    stored = await provider.find(upload.key)
    if stored is None:
        if upload.expires_at <= clock() - SLACK:
            async with uow.last() as db:
                await db.uploads.forget(upload.id)
        return
    async with provider.read(upload.key, HEAD_BYTES) as pieces:
        head = b"".join([piece async for piece in pieces])
    fault = fault_of(upload.content_type, upload.max_bytes, stored, head)
    if fault is not None:
        await provider.delete(upload.key)
    async with uow.last() as db:
        await db.uploads.settle(upload.id, "REJECTED" if fault else "STORED", reason=fault, size=stored.size)


async def sweep_uploads(uow: UnitOfWork, clock: Clock) -> None:
    """Where the bytes do not pass through us, a file is looked at once its URL takes no other."""
    now = clock()
    async with uow.last() as db:
        await db.uploads.purge(now - ENDED_KEPT)
        for upload_id in await db.uploads.list_expired(now - SLACK, BATCH):
            await db.outbox.add("storage.inspect_upload", upload=str(upload_id))


async def delete_file(job: Job, uow: UnitOfWork, storage: Storage) -> None:
    """Remove the file behind a public URL that its account does not show any more.

    Anybody may name any URL: it must be of the account's own folder, and where no account is named an avatar's.
    """
    found = storage.find(job.payload["url"])
    if found is None:
        return
    provider, key = found
    owner, user = owner_of(key), job.payload.get("user")
    if owner is None or (str(owner) != user if user else not key.startswith("avatars/")):
        return
    async with uow() as db:
        account = await db.users.find(owner)
    if account is not None and account.avatar_url == job.payload["url"]:
        return
    await provider.delete(key)
    async with uow.last() as db:
        await db.uploads.mark_deleted(key)
