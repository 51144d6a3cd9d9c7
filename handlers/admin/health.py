"""How the deployment does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.admin.health import health_view

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Examine


async def get(examine: Examine) -> wire.Health:
    return health_view(await examine())
