"""What somebody is to be told, left in the transaction of its cause. So far all of it goes by mail."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from domain.topics import EVENTS
from persistence.outbox import Outbox


class Notifications:
    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def notify(self, event_key: str, user: UUID | None, data: Mapping[str, Any], dedup: str) -> None:
        """Once for each ``dedup`` of a user, however often it is said. ``user`` is None for who works at support."""
        await self._outbox.add_once(EVENTS[event_key](user=user, **data), f"{user}:{dedup}")
