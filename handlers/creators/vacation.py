"""When a creator is away."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.creators.vacation import planned, settled, vacation_view
from domain.errors import ApiError

if TYPE_CHECKING:
    from domain.wire import creators as wire
    from handlers.needs import Clock, Principal, Repositories


async def find(creator_id: str, principal: Principal, db: Repositories, clock: Clock) -> wire.Vacation:
    _require_own(creator_id, principal)
    profile = await db.creator_modes.find_own(UUID(creator_id), principal.user_id)
    if profile is None:
        raise ApiError("creator.vacation.not_found")
    return vacation_view(profile, clock())


async def update(
    creator_id: str, body: wire.SetVacationRequest, principal: Principal, db: Repositories, clock: Clock
) -> None:
    _require_own(creator_id, principal)
    now = clock()
    columns = planned(body, now)
    profile = await db.creator_modes.hold(UUID(creator_id))
    page = await db.bio_pages.hold(UUID(creator_id))
    if profile is None or page is None:
        raise ApiError("creator.vacation.not_found")
    profile = await db.creator_modes.change(profile.id, columns)
    if moved := settled(profile, now):
        await db.creator_modes.change(profile.id, moved)
    await db.bio_pages.changed(profile.id)


def _require_own(creator_id: str, principal: Principal) -> None:
    if UUID(creator_id) != principal.creator_id:
        raise ApiError("creator.vacation.not_owner")
