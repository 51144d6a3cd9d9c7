"""A storage whose calls over the network are watched."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from providers.observing import Watch
from providers.ports import SignedUpload, Slot, StorageProvider, StoredFile

FAMILY = "storage"


class ObservedStorage:
    def __init__(self, inner: StorageProvider, watch: Watch) -> None:
        self.name = inner.name
        self.direct = inner.direct
        self._inner = inner
        self._watch = watch

    def presign(self, slot: Slot) -> SignedUpload:
        return self._inner.presign(slot)

    def public_url(self, key: str) -> str:
        return self._inner.public_url(key)

    def key_of(self, url: str) -> str | None:
        return self._inner.key_of(url)

    async def find(self, key: str) -> StoredFile | None:
        with self._watch.call(FAMILY, self.name):
            return await self._inner.find(key)

    @asynccontextmanager
    async def read(self, key: str, limit: int | None = None) -> AsyncIterator[AsyncIterator[bytes]]:
        """What is told is how the reading began: how it goes on depends on the reader, too."""
        async with AsyncExitStack() as stack:
            with self._watch.call(FAMILY, self.name):
                pieces = await stack.enter_async_context(self._inner.read(key, limit))
            yield pieces

    async def put(self, key: str, content_type: str, file: Path) -> None:
        with self._watch.call(FAMILY, self.name):
            await self._inner.put(key, content_type, file)

    async def delete(self, key: str) -> None:
        with self._watch.call(FAMILY, self.name):
            await self._inner.delete(key)

    async def tidy(self) -> None:
        await self._inner.tidy()

    async def probe(self) -> str:
        with self._watch.call(FAMILY, self.name):
            return await self._inner.probe()
