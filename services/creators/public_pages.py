"""Bio pages as everybody sees them: each read asks whether the page is public and which version it has, and no more
while that version is kept in memory. So no node shows a former one, and none tells another of a change."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from domain.answers.prepared import Made, Prepare, Prepared
from domain.creators.public import public_view, shown_until
from domain.wire import creators as wire
from persistence.engine.batching import Batched
from persistence.engine.database import Database
from persistence.repositories import Repositories
from services.editions import Editions

AT_ONCE = 200
MOST = 20_000  # pages; long ones reach the bound of their bytes before
ROUND_TRIPS = 2


class _Gone(Exception):
    """The page went away between two statements."""


class PublicPages:
    """Readers who wait at the same time share one statement. Payloads are kept as ``Editions`` keeps its answers."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._kept = Editions(database, clock, most=MOST)
        self._heads = Batched(self._find_all, most=AT_ONCE, at_once=ROUND_TRIPS)

    async def head(self, username: str) -> Any:
        """A row of creator_id, version, embed_enabled, template_version. None for what is not public."""
        return await self._heads.ask(username)

    async def payload(self, head: Any, prepare: Prepare) -> Prepared[wire.PublicBioPage] | None:
        """None where the page went away meanwhile."""
        key = (head.creator_id, head.version, head.template_version)

        async def make(db: Repositories, now: datetime) -> Made[wire.PublicBioPage]:
            found = await db.bio_pages.public(head.creator_id)
            if found is None:
                raise _Gone
            links = await db.bio_pages.links(found.page_id)
            return Made(public_view(found, links, now), shown_until(found, links, now))

        try:
            return await self._kept.get("bio_pages", key, prepare, make)
        except _Gone:
            return None

    def forget(self) -> None:
        self._kept.forget()

    async def _find_all(self, usernames: Sequence[str]) -> Sequence[Any]:
        async with self._database.reading() as db:
            found = await db.bio_pages.heads(usernames)
        return [found.get(username) for username in usernames]
