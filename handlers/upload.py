"""Files that people bring along."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain import topics
from domain import upload as rules
from domain.errors import ApiError

if TYPE_CHECKING:
    from domain.wire import upload as wire
    from handlers.needs import Clock, Config, Principal, RandomBytes, Repositories, Say, Storage


async def presign(
    body: wire.PresignRequest,
    principal: Principal,
    db: Repositories,
    config: Config,
    clock: Clock,
    random_bytes: RandomBytes,
    storage: Storage,
) -> wire.PresignedUpload:
    upload_id, now = UUID(bytes=random_bytes(16), version=4), clock()
    slot = rules.slot(body, principal.user_id, upload_id, config)
    if await db.users.find_for_update(principal.user_id) is None:
        raise ApiError("auth.unauthenticated")
    rules.require_quota(slot, await db.uploads.usage(principal.user_id, now), now, config)
    room = storage.presign(slot)
    kept = {"provider": room.provider, "direct": room.direct}
    await db.uploads.add(upload_id, principal.user_id, body["type"], slot, now, **kept)
    if room.direct:
        await db.outbox.add_later(topics.InspectUpload(upload_id), rules.FIRST_LOOK)
    return rules.upload_view(upload_id, room.upload, room.public_url, slot)


async def status(
    id: str,  # noqa: A002
    principal: Principal,
    db: Repositories,
    storage: Storage,
    say: Say,
) -> wire.UploadStatus:
    upload = await db.uploads.get_own(UUID(id), principal.user_id)
    return rules.status_view(upload, storage.public_url(upload.provider, upload.key), say)
