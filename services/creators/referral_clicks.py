"""Counting clicks on referral links while many come at once."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from persistence.engine.batching import Batched
from persistence.engine.database import Database
from services.devices import kind_of

AT_ONCE = 500

Click = tuple[str, UUID | None]
"""The code, and who clicks."""


class ReferralClicks:
    """Whoever waits shares one transaction with all others who do, and is answered when it is committed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._batched = Batched(self._count, most=AT_ONCE)

    async def count(self, code: str, user_agent: str | None, by: UUID | None) -> None:
        """A click of a person, unless it is the owner's own. Raises what an outage of the database raises."""
        if kind_of(user_agent) is not None:
            await self._batched.ask((code, by))

    async def _count(self, clicks: Sequence[Click]) -> Sequence[None]:
        async with self._database.unit() as db:
            known = await db.referral_links.led_to({code for code, _ in clicks})
            links = [(known[code], by) for code, by in clicks if code in known]
            counts = Counter(link_id for (link_id, owner), by in links if by != owner)
            if counts:
                await db.referral_links.count_clicks(counts)
        return [None] * len(clicks)
