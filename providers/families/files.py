"""Where files are kept."""

import asyncio
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

import structlog

from domain.errors import ApiError
from domain.upload import STORAGE_PROVIDER, incoming, is_public
from providers.families.family import Family
from providers.ports import (
    ProviderUnavailable,
    SignedUpload,
    Slot,
    StorageProvider,
)
from providers.storage.local import LocalStorage

REMOVED_AT_ONCE = 8

log = structlog.get_logger()


class Room(NamedTuple):
    """Where a file will be kept, the URL that takes it, and the one that shows it."""

    provider: str
    upload: SignedUpload
    public_url: str
    direct: bool


class StorageFamily(Family[StorageProvider]):
    """No failover here: a file is where it was put. ``of`` finds it there, whichever provider is active by now."""

    family = "storage"
    active_provider = STORAGE_PROVIDER

    def presign(self, slot: Slot) -> Room:
        """With the active provider. Where it could not enforce a size, the file comes through our own process.

        Raises ApiError service.unavailable.
        """
        try:
            adapter = self.active
            direct = adapter.direct and slot.exact_bytes is not None
            signer = adapter if direct else self.of(LocalStorage.name)
            return Room(adapter.name, signer.presign(slot), adapter.public_url(slot.key), direct)
        except ProviderUnavailable as fault:
            log.warning("provider.unavailable", family=self.family, fault=str(fault))
            raise ApiError("service.unavailable", retry_after=5) from fault

    @property
    def active(self) -> StorageProvider:
        """Raises ProviderUnavailable."""
        return self.adapter(self._config[self.active_provider])

    def of(self, name: str) -> StorageProvider:
        """Raises ProviderUnavailable."""
        return self.adapter(name)

    def public_url(self, name: str, key: str) -> str:
        """Raises ApiError service.unavailable while the storage is not set up."""
        try:
            return self.of(name).public_url(key)
        except ProviderUnavailable as fault:
            raise ApiError("service.unavailable", retry_after=5) from fault

    async def remove(self, name: str, key: str) -> None:
        """Afterwards nothing is left of a file, whether it was looked at or not. Raises ProviderUnavailable."""
        provider = self.of(name)
        await provider.delete(key)
        if is_public(key):
            await provider.delete(incoming(key))

    async def remove_all(self, files: Iterable[tuple[str, str]]) -> None:
        """Several at a time. Raises ProviderUnavailable when one of them could not be removed."""
        places = iter(files)
        while some := list(islice(places, REMOVED_AT_ONCE)):
            ended = await asyncio.gather(*(self.remove(name, key) for name, key in some), return_exceptions=True)
            for fault in filter(None, ended):
                raise fault

    async def tidy(self) -> None:
        """Remove what was left on this machine of files that never came to their end."""
        await self.of(LocalStorage.name).tidy()

    def key_of(self, url: str) -> str | None:
        """Under which key the file of a public URL is kept; None for what is no URL of ours."""
        found = self.find(url)
        return found[1] if found else None

    def find(self, url: str) -> tuple[StorageProvider, str] | None:
        """Who keeps the file of a public URL, under which key; None for what is no URL of ours."""
        for adapter in self._adapters.values():
            key = adapter.key_of(url)
            if key is not None:
                return adapter, key
        return None
