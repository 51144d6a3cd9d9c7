"""How a person wants to be spoken to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.auth import require_offered
from domain.locales import SUPPORTED_LOCALES
from domain.users.settings import settings_columns, settings_view

if TYPE_CHECKING:
    from domain.wire import users as wire
    from handlers.needs import Clock, Config, Principal, Repositories, UnitOfWork


async def get(principal: Principal, uow: UnitOfWork) -> wire.UserSettings:
    async with uow.reading() as db:
        settings = await db.settings.find(principal.user_id)
    if settings is None:
        async with uow() as db:
            user = await db.users.get_for_update(principal.user_id)
            settings = await db.settings.start(user.id, user.locale)
    return settings_view(settings)


async def update(
    body: wire.UpdateSettingsRequest, principal: Principal, db: Repositories, config: Config, clock: Clock
) -> wire.UserSettings:
    if "locale" in body:
        require_offered(body["locale"], config[SUPPORTED_LOCALES])
    user = await db.users.get_for_update(principal.user_id)
    settings = await db.settings.start(user.id, user.locale)
    if body:
        settings = await db.settings.change(user.id, settings_columns(body), clock())
    if "locale" in body:
        await db.users.change(user.id, locale=body["locale"])
    return settings_view(settings)
