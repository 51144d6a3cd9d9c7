"""Bio pages: as their owners change them, and as everybody sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.answers.prepared import Made
from domain.creators.bio import TEMPLATES, offered_view

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from domain.answers.prepared import Prepared
    from domain.wire import creators as wire
    from handlers.needs import Editions, Prepare, Repositories


async def templates(
    editions: Editions, prepare: Prepare, max_items: int
) -> Prepared[Sequence[wire.OfferedBioTemplate]]:
    async def made(db: Repositories, _now: datetime) -> Made[Sequence[wire.OfferedBioTemplate]]:
        return Made([offered_view(template) for template in await db.bio_templates.offered(max_items)])

    return await editions.get(TEMPLATES, "offered", prepare, made)
