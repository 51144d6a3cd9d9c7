"""Which roles there are, and what each may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.admin.staff import roles_view

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Permissions


async def list(permissions: Permissions) -> wire.StaffRoles:  # noqa: A001
    return roles_view(permissions)
