"""Files that people bring along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain import uploads as rules
from domain.errors import ApiError

if TYPE_CHECKING:
    from handlers.needs import Body, Clock, Config, Principal, RandomBytes, Repositories, Storage


async def presign(
    body: Body,
    principal: Principal,
    db: Repositories,
    config: Config,
    clock: Clock,
    random_bytes: RandomBytes,
    storage: Storage,
) -> dict[str, Any]:
    if principal.user is None:
        raise ApiError("auth.unauthenticated")
    slot = rules.slot(body, principal.user_id, UUID(bytes=random_bytes(16), version=4), config)
    provider, signed, public_url = storage.presign(slot)
    await db.uploads.add(principal.user_id, body["type"], provider, slot, clock())
    return rules.upload_view(signed, public_url, slot)
