"""Uploaded files read whole, looked at, and written anew without what tells of their making."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from mmap import ACCESS_READ, mmap
from pathlib import Path

from domain.config_keys import Config
from domain.formats import copied
from domain.upload import MAX_PIXELS, Refused, cleaned
from providers.storage.pieces import beside


class Inspector:
    def __init__(self, config: Config) -> None:
        self._config = config

    @asynccontextmanager
    async def cleaned(self, pieces: AsyncIterator[bytes], content_type: str, max_bytes: int) -> AsyncIterator[Path]:
        """The cleaned file, gone with the block. Raises domain.upload.Refused."""
        async with beside(await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="biore-upload-")) as folder:
            came, kept = Path(folder) / "came", Path(folder) / "kept"
            await _write(pieces, came, max_bytes)
            await asyncio.to_thread(_clean, came, kept, content_type, self._config[MAX_PIXELS])
            yield kept


async def _write(pieces: AsyncIterator[bytes], path: Path, max_bytes: int) -> None:
    left = max_bytes
    async with beside(await asyncio.to_thread(path.open, "wb")) as file:
        async for piece in pieces:
            left -= len(piece)
            if left < 0:
                raise Refused("too_large")
            await asyncio.to_thread(file.write, piece)
    if left == max_bytes:
        raise Refused("not_what_it_claims")


def _clean(source: Path, target: Path, content_type: str, max_pixels: int) -> None:
    """The file is mapped, not read: a film of any length takes the memory of a piece."""
    with source.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data, target.open("wb") as kept:
        kept.writelines(copied(cleaned(content_type, data, max_pixels), data))
