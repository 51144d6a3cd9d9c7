"""Files in a folder of this machine, for one node: our own process takes and gives them (runtime/files.py)."""

import asyncio
import hmac
import os
import shutil
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlencode
from uuid import uuid4

from domain.config_keys import Config
from domain.keys import Digests
from domain.uploads import EXTENSIONS, INCOMING, owner_of
from providers.ports import ProviderRejected, ProviderUnavailable, SignedUpload, Slot, StoredFile
from providers.storage.pieces import PIECE, pieces_of

PATH = "/files/"
PARTIAL = ".partial"
FORGOTTEN_SECONDS = 3600
CONTENT_TYPES = {extension: content_type for content_type, extension in EXTENSIONS.items()} | {"zip": "application/zip"}

Sign = Callable[..., Digests]


class TooLarge(Exception):
    """More bytes came than the URL allows."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a signed URL allows."""

    key: str
    content_type: str
    max_bytes: int
    exact_bytes: int | None


@dataclass(slots=True)
class Draft:
    """A file on its way in."""

    path: Path
    size: int = 0


class LocalStorage:
    name = "local"
    direct = False

    def __init__(self, config: Config, folder: Path, sign: Sign) -> None:
        self._config = config
        self._folder = folder
        self._sign = sign

    def presign(self, slot: Slot) -> SignedUpload:
        expires = int((datetime.now(UTC) + slot.life).timestamp())
        exact = "" if slot.exact_bytes is None else str(slot.exact_bytes)
        query = {"type": slot.content_type, "max": str(slot.max_bytes), "length": exact, "expires": str(expires)}
        signed = query | {"signature": self._signatures(slot.key, query)[0]}
        return SignedUpload(f"{self.public_url(slot.key)}?{urlencode(signed)}", {"Content-Type": slot.content_type})

    def admit(self, key: str, query: Mapping[str, str]) -> Ticket | None:
        """What the URL allows; None when it is not of our making or has expired."""
        names = ("type", "max", "length", "expires")
        if not set(names) <= query.keys() or owner_of(key) is None:
            return None
        known = {name: query[name] for name in names}
        given = query.get("signature", "").encode()
        if not any(hmac.compare_digest(signature.encode(), given) for signature in self._signatures(key, known)):
            return None
        if int(known["expires"]) < datetime.now(UTC).timestamp():
            return None
        return Ticket(key, known["type"], int(known["max"]), int(known["length"]) if known["length"] else None)

    def _signatures(self, key: str, query: Mapping[str, str]) -> list[str]:
        """The one to give first, then those that are accepted too."""
        digests = self._sign("PUT", key, *(query[name] for name in ("type", "max", "length", "expires")))
        return [digest.value.hex() for digest in digests]

    def public_url(self, key: str) -> str:
        return f"{self._config['site.api_url'].rstrip('/')}{PATH}{key}"

    def key_of(self, url: str) -> str | None:
        key = url.removeprefix(self.public_url(""))
        return key if key != url and owner_of(key) else None

    async def find(self, key: str) -> StoredFile | None:
        path = self.path(key)
        try:
            about = await asyncio.to_thread(path.stat)
        except FileNotFoundError:
            return None
        return StoredFile(about.st_size, CONTENT_TYPES.get(path.suffix[1:], ""))

    async def open(self, key: str) -> BinaryIO | None:
        """The file, which stays whole for whoever has it open; None when there is none."""
        try:
            return await asyncio.to_thread(self.path(key).open, "rb")
        except FileNotFoundError:
            return None

    @asynccontextmanager
    async def read(self, key: str, limit: int | None = None) -> AsyncIterator[AsyncIterator[bytes]]:
        file = await self.open(key)
        if file is None:
            raise ProviderRejected("there is no such file")
        with file:
            yield pieces_of(file, limit)

    async def put(self, key: str, content_type: str, file: Path) -> None:
        await asyncio.to_thread(self._copy, file, self.path(key))

    def _copy(self, file: Path, path: Path) -> None:
        draft = self._draft()
        try:
            shutil.copyfile(file, draft)
            path.parent.mkdir(parents=True, exist_ok=True)
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self.path(key).unlink, missing_ok=True)

    async def probe(self) -> str:
        """Whether the folder takes files, or could be made."""
        standing = next(path for path in (self._folder, *self._folder.absolute().parents) if path.exists())
        if not standing.is_dir() or not os.access(standing, os.W_OK | os.X_OK):
            raise ProviderUnavailable(f"{standing} is no folder that this user may write to")
        return f"folder {self._folder}"

    def path(self, key: str) -> Path:
        """Raises ProviderRejected for a key that could lead anywhere else."""
        if owner_of(key.removeprefix(INCOMING)) is None:
            raise ProviderRejected("this is no key of a file")
        return self._folder / key

    @asynccontextmanager
    async def receive(self, ticket: Ticket, content: AsyncIterable[bytes]) -> AsyncIterator[Draft]:
        """The content in a file that is gone with the block. Raises TooLarge as soon as it is known."""
        await asyncio.to_thread(self._tidy)
        draft = Draft(await asyncio.to_thread(self._draft))
        limit = ticket.max_bytes if ticket.exact_bytes is None else ticket.exact_bytes
        try:
            await self._fill(draft, limit, content)
            yield draft
        finally:
            draft.path.unlink(missing_ok=True)

    @staticmethod
    async def _fill(draft: Draft, limit: int, content: AsyncIterable[bytes]) -> None:
        waiting = bytearray()
        with await asyncio.to_thread(draft.path.open, "wb") as file:
            async for piece in content:
                draft.size += len(piece)
                if draft.size > limit:
                    raise TooLarge
                waiting += piece
                if len(waiting) >= PIECE:
                    await asyncio.to_thread(file.write, bytes(waiting))
                    waiting.clear()
            await asyncio.to_thread(file.write, bytes(waiting))

    def _draft(self) -> Path:
        folder = self._folder / PARTIAL
        folder.mkdir(parents=True, exist_ok=True)
        return folder / uuid4().hex

    def _tidy(self) -> None:
        """Remove what processes left behind that were killed."""
        with suppress(FileNotFoundError):
            for draft in (self._folder / PARTIAL).iterdir():
                with suppress(FileNotFoundError):
                    if time.time() - draft.stat().st_mtime > FORGOTTEN_SECONDS:
                        draft.unlink()
