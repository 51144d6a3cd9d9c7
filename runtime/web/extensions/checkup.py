"""The doctor, asked from within a server: one visit at a time for all who ask, which ends in time."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from contract.loader import Contract
from domain.errors import ApiError
from runtime.settings import Settings

if TYPE_CHECKING:
    from runtime.doctor import Finding

CHECK_SECONDS = 3.0
# The database is asked first, then everything at once.
MOST_SECONDS = 3 * CHECK_SECONDS


class Checkup:
    """Looks at the deployment from beside the server: with an event loop and connections of its own.

    So what hangs there holds up nobody here.
    """

    def __init__(self, settings: Settings, database_url: str, contract: Contract) -> None:
        self._settings = replace(settings, database_url=database_url)
        self._contract = contract
        self._visit: asyncio.Task[Sequence[Finding]] | None = None

    async def __call__(self) -> "Sequence[Finding]":
        """Raises ApiError service.unavailable where it takes too long."""
        if self._visit is None or self._visit.done():
            self._visit = asyncio.create_task(self._look())
        return await asyncio.shield(self._visit)

    async def _look(self) -> "Sequence[Finding]":
        from runtime import doctor  # slow to import, and hardly anybody asks

        looking = asyncio.to_thread(doctor.look_at, self._settings, self._contract, seconds=CHECK_SECONDS)
        try:
            return await asyncio.wait_for(looking, MOST_SECONDS)
        except TimeoutError:
            raise ApiError("service.unavailable", retry_after=5) from None
