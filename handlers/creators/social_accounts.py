"""Accounts at other platforms that a creator connects, so that their followers count here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.creators.social_accounts import REDIRECT_URIS, grant_of, next_reading
from domain.errors import ApiError

if TYPE_CHECKING:
    from domain.wire import creators as wire
    from handlers.needs import Clock, Config, Principal, Repositories, Social, UnitOfWork


async def connect(
    body: wire.ConnectSocialRequest,
    principal: Principal,
    social: Social,
    uow: UnitOfWork,
    config: Config,
    clock: Clock,
) -> None:
    platform, owner = body["platform"], principal.user_id
    grant = grant_of(body, social.platforms, config[REDIRECT_URIS])
    connection = await social.connect(platform, grant)
    async with uow() as db:
        creator_id = await db.social_accounts.hold(owner)
        if creator_id is None:  # erased since the call began
            raise ApiError("error.creator.not_found")
        await db.social_accounts.replace(owner, connection, next_reading(clock(), config))
        await db.social_accounts.recount(creator_id)
        await db.bio_pages.changed(creator_id)
        await db.audit.record("creator.social.connect.success", actor=owner, target=owner, platform=platform)


async def disconnect(body: wire.DisconnectSocialRequest, principal: Principal, db: Repositories) -> None:
    platform, owner = body["platform"], principal.user_id
    creator_id = await db.social_accounts.hold(owner)
    if not await db.social_accounts.remove(owner, platform):
        raise ApiError("creator.social.not_found")
    if creator_id is not None:
        await db.social_accounts.recount(creator_id)
        await db.bio_pages.changed(creator_id)
    await db.audit.record("creator.social.disconnect.success", actor=owner, target=owner, platform=platform)
