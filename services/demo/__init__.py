"""Example content, so that every page of a first run shows something: a module per area, each with its ``seed``.

Development only. A seed makes each row by ``db.demo.add``, or names it by ``db.demo.mark``, so that it can be taken
away again without anything else. It moves the editions on that it changes; to clear moves all of them.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import NamedTuple

import structlog
from psycopg import IntegrityError

from persistence.engine.database import Database
from persistence.repositories import Repositories
from services.demo import content, creators, legal, support, themes

Seed = Callable[[Repositories, datetime], Awaitable[None]]

SEEDS: Mapping[str, Seed] = {
    "support": support.seed,
    "themes": themes.seed,
    "content": content.seed,
    "legal": legal.seed,
    "creators": creators.seed,
}
"""By area, in the order in which they are made."""

logger = structlog.get_logger(__name__)


class Cleared(NamedTuple):
    """``kept``: rows that something refers to that was made since."""

    gone: int
    kept: int


async def seed(database: Database, now: datetime, *, again: bool = False, seeds: Mapping[str, Seed] = SEEDS) -> None:
    """Give each area its examples that never had them; ``again``: that has none now.

    An area that has content of its own with which its examples collide goes without.
    """
    for area, make in seeds.items():
        try:
            async with database.unit() as db:
                if await db.demo.begin(area, now, again=again):
                    await make(db, now)
        except IntegrityError as error:
            logger.info("demo.left_out", area=area, constraint=error.diag.constraint_name)


async def areas(database: Database) -> list[str]:
    """Those that have example content now."""
    async with database.reading() as db:
        return list(await db.demo.areas())


async def clear(database: Database) -> Cleared:
    """Take away what ``seed`` made, and nothing else. It is not made again by itself."""
    async with database.unit() as db:
        for part in sorted(await db.editions.all()):
            await db.editions.move_on(part)
        return Cleared(*await db.demo.clear())
