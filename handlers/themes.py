"""How the front ends look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.answers.prepared import Made
from domain.platform.themes import EDITION, active_view, known_target, public_view

if TYPE_CHECKING:
    from datetime import datetime

    from domain.answers.prepared import Prepared
    from domain.wire import themes as wire
    from handlers.needs import Editions, Prepare, Repositories


async def active(target: str, editions: Editions, prepare: Prepare) -> Prepared[wire.ActiveTheme]:
    known = known_target(target)

    async def made(db: Repositories, _now: datetime) -> Made[wire.ActiveTheme]:
        return Made(active_view(await db.themes.active(known) if known else None))

    return await editions.get(EDITION, ("active", known), prepare, made)


async def list(target: str, editions: Editions, prepare: Prepare) -> Prepared[wire.PublicThemes]:  # noqa: A001
    known = known_target(target)

    async def made(db: Repositories, _now: datetime) -> Made[wire.PublicThemes]:
        return Made(public_view(await db.themes.offered(known) if known else ()))

    return await editions.get(EDITION, ("list", known), prepare, made)
