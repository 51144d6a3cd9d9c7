"""How a creator takes messages."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.creators.dm import offered, settings_view
from domain.errors import ApiError

if TYPE_CHECKING:
    from domain.wire import creators as wire
    from handlers.needs import Config, Principal, Repositories


async def find(creator_id: str, principal: Principal, db: Repositories) -> wire.MessageSettings:
    _require_own(creator_id, principal)
    profile = await db.creator_modes.find_own(UUID(creator_id), principal.user_id)
    if profile is None:
        raise ApiError("creator.dm.not_found")
    return settings_view(profile)


async def update(
    creator_id: str,
    body: wire.UpdateMessageSettingsRequest,
    principal: Principal,
    db: Repositories,
    config: Config,
) -> None:
    _require_own(creator_id, principal)
    profile = await db.creator_modes.hold(UUID(creator_id))
    page = await db.bio_pages.hold(UUID(creator_id))
    if profile is None or page is None:
        raise ApiError("creator.dm.not_found")
    offer = offered(body, profile, config)
    columns = {"dm_type": offer.kind, "dm_price": offer.price, "dm_active": offer.active}
    await db.creator_modes.change(profile.id, columns)
    await db.dm_packages.keep_to(profile.id, offer)
    if offer.active and not profile.dm_active:
        await db.dm_packages.pause_social_links(page.id)
    if profile.dm_active and not offer.active:
        await db.dm_packages.resume_social_links(page.id)
    await db.bio_pages.changed(profile.id)


def _require_own(creator_id: str, principal: Principal) -> None:
    if UUID(creator_id) != principal.creator_id:
        raise ApiError("creator.dm.not_owner")
