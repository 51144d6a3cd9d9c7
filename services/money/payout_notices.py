"""Notices of payout providers, which tell of accounts and of payouts alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import structlog

from domain.webhooks import Hopeless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from persistence.engine.database import Database
    from persistence.models import ProviderEvent
    from persistence.repositories import Repositories
    from providers.families.money import PayoutFamily
    from providers.ports import NoticeSource

log = structlog.get_logger(__name__)


class Kind(Protocol):
    """What is told of: accounts, or payouts. Which of them a notice is about, the rows with its ref say."""

    async def knows(self, db: Repositories, provider: str, ref: str) -> bool:
        """Whether it is one of ours."""

    async def look(self, provider: str, ref: str) -> Any:
        """How it is by now, as the provider says; no transaction is open. Raises ProviderUnavailable and Hopeless."""

    async def write(self, db: Repositories, event: ProviderEvent, found: Any) -> None:
        """Make what is known here equal to what was ``found``."""


class Looked(NamedTuple):
    kind: Kind
    found: Any


class PayoutNotices:
    """What is done with notices of the family (``services.webhooks.NoticeFamily``), by the ``kinds`` of it."""

    family = "payout"

    def __init__(self, providers: PayoutFamily, database: Database, kinds: Sequence[Kind]) -> None:
        self._providers = providers
        self._database = database
        self._kinds = kinds

    def source(self, provider: str) -> NoticeSource | None:
        return self._providers.source(provider)

    async def knows(self, db: Repositories, provider: str, ref: str) -> bool:
        return await self._kind(db, provider, ref) is not None

    async def look(self, provider: str, ref: str) -> Looked:
        async with self._database.reading() as db:
            kind = await self._kind(db, provider, ref)
        if kind is None:
            raise Hopeless("it is not known here any more")
        return Looked(kind, await kind.look(provider, ref))

    async def write(self, db: Repositories, event: ProviderEvent, found: Looked) -> None:
        await found.kind.write(db, event, found.found)

    async def give_up(self, db: Repositories, event: ProviderEvent) -> None:
        """Nobody's: an account that nobody here opened, or a payout that was made by hand at the provider."""
        log.warning("payout.stray", provider=event.provider, type=event.type, ref=event.object_ref)

    async def _kind(self, db: Repositories, provider: str, ref: str) -> Kind | None:
        for kind in self._kinds:
            if await kind.knows(db, provider, ref):
                return kind
        return None
