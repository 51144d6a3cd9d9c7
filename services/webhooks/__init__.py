"""The families whose providers tell of themselves: who reads their notices, and who writes what is true by now."""

from collections.abc import Iterable
from typing import Any, Protocol

from domain.keys import Purpose
from persistence.models import ProviderEvent
from persistence.repositories import Repositories
from providers.ports import NoticeSource
from services.keyring import Keyring

SEALED = Purpose.PROVIDER_EVENT
# Bytes as a text, one by one.
EVERY_BYTE = "latin-1"


class NoticeFamily(Protocol):
    family: str

    def source(self, provider: str) -> NoticeSource | None:
        """Who reads notices of the provider; None for one that this environment does not have."""

    async def knows(self, db: Repositories, provider: str, ref: str) -> bool:
        """Whether the object is one that we asked the provider for."""

    async def look(self, provider: str, ref: str) -> Any:
        """How the object is by now, as the provider says; no transaction is open.

        Raises ProviderUnavailable, or Hopeless where the provider refuses for good.
        """

    async def write(self, db: Repositories, event: ProviderEvent, found: Any) -> None:
        """Make what is known here equal to what was ``found``, in the unit in which the event is done."""

    async def give_up(self, db: Repositories, event: ProviderEvent) -> None:
        """Nothing here knew the object for so long that nothing will."""


class Webhooks:
    def __init__(self, keyring: Keyring, families: Iterable[NoticeFamily] = ()) -> None:
        self._keyring = keyring
        self._families = {family.family: family for family in families}

    def join(self, family: NoticeFamily) -> None:
        self._families[family.family] = family

    def leave(self, family: str) -> None:
        del self._families[family]

    def family(self, name: str) -> NoticeFamily | None:
        return self._families.get(name)

    def source(self, family: str, provider: str) -> NoticeSource | None:
        """Who reads notices of the provider; None where nobody can tell them from anybody's."""
        found = self._families.get(family)
        source = found.source(provider) if found is not None else None
        return source if source is not None and source.verifies else None

    def looked_at(self, event: ProviderEvent) -> NoticeFamily | None:
        """Who deals with the event; None for one that says nothing to anybody here."""
        family = self._families.get(event.family)
        source = family.source(event.provider) if family is not None else None
        return family if source is not None and event.object_ref and event.type in source.types else None

    def sealed(self, body: bytes) -> bytes:
        return self._keyring.seal(SEALED, body.decode(EVERY_BYTE)).encode()

    def opened(self, payload: bytes) -> bytes:
        """Raises ValueError for what was sealed under a secret that is gone."""
        return self._keyring.unseal(SEALED, payload.decode()).encode(EVERY_BYTE)
