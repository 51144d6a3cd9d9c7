"""What a member of the staff is told about the own access."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.admin.staff import access_view
from domain.errors import ApiError

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Clock, Config, Principal, Repositories


async def me(principal: Principal, db: Repositories, clock: Clock, config: Config) -> wire.StaffAccess:
    if principal.user is None:
        raise ApiError("auth.unauthenticated")
    now = clock()
    standing = await db.staff.standing(principal.session_id, now)
    return access_view(principal.user, principal, standing, now, config)
