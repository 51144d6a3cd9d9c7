"""Files in a folder of this machine, for one node: our own process takes and gives them (runtime/web/files.py)."""

import asyncio
import fcntl
import hmac
import os
import shutil
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlencode
from uuid import uuid4

from domain.admin.sealing import is_head
from domain.config_keys import Config
from domain.keys import Digests
from domain.upload import API_URL, EXTENSIONS, FILES, INCOMING, owner_of
from providers.ports import ProviderRejected, ProviderUnavailable, SignedUpload, Slot, StoredFile
from providers.storage.pieces import PIECE, beside, pieces_of

PARTIAL = ".partial"
FORGOTTEN_SECONDS = 60
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


class Busy(Exception):
    """Another transfer for the same key is under way."""


@dataclass(slots=True)
class Draft:
    """A file on its way in."""

    path: Path
    file: BinaryIO
    limit: int
    size: int = 0

    async def fill(self, content: AsyncIterable[bytes]) -> None:
        """Raises TooLarge as soon as it is known."""
        waiting = bytearray()
        async for piece in content:
            self.size += len(piece)
            if self.size > self.limit:
                raise TooLarge
            waiting += piece
            if len(waiting) >= PIECE:
                await asyncio.to_thread(self.file.write, bytes(waiting))
                waiting.clear()
        await asyncio.to_thread(self._end, bytes(waiting))

    def _end(self, rest: bytes) -> None:
        self.file.write(rest)
        self.file.flush()


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
        return f"{self._config[API_URL].rstrip('/')}{FILES}{key}"

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
        async with beside(file):
            yield pieces_of(file, limit)

    async def put(self, key: str, content_type: str, file: Path) -> None:
        await asyncio.to_thread(self._copy, file, self.path(key))

    def _copy(self, file: Path, path: Path) -> None:
        with self._draft(uuid4().hex) as draft, file.open("rb") as source:
            shutil.copyfileobj(source, draft, PIECE)
            draft.flush()
            path.parent.mkdir(parents=True, exist_ok=True)
            os.replace(draft.name, path)

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
        if owner_of(key.removeprefix(INCOMING)) is None and not is_head(key):
            raise ProviderRejected("this is no key of a file")
        return self._folder / key

    @asynccontextmanager
    async def transfer(self, ticket: Ticket) -> AsyncIterator[Draft]:
        """A file to be filled, which is gone with the block. Nobody else fills one for this key meanwhile.

        Raises Busy.
        """
        await self.tidy()
        async with beside(self._draft(ticket.key.replace("/", "_"))) as file:
            limit = ticket.max_bytes if ticket.exact_bytes is None else ticket.exact_bytes
            yield Draft(Path(file.name), file, limit)

    @contextmanager
    def _draft(self, name: str) -> Iterator[BinaryIO]:
        """An empty file that only we have, of all processes on this disk. Raises Busy."""
        folder = self._folder / PARTIAL
        folder.mkdir(parents=True, exist_ok=True)
        with _held(folder / name) as file:
            try:
                yield file
            finally:
                Path(file.name).unlink(missing_ok=True)  # before it is let go of

    async def tidy(self) -> None:
        """Remove what processes left behind that were killed."""
        await asyncio.to_thread(self._tidy)

    def _tidy(self) -> None:
        with suppress(FileNotFoundError):
            for path in (self._folder / PARTIAL).iterdir():
                with suppress(FileNotFoundError, Busy):
                    if time.time() - path.stat().st_mtime > FORGOTTEN_SECONDS:
                        with self._draft(path.name):
                            pass  # it goes with the block


@contextmanager
def _held(path: Path) -> Iterator[BinaryIO]:
    """The file, locked and empty. The lock ends with the block, or with the process. Raises Busy."""
    with ExitStack() as stack:
        while True:
            file = stack.enter_context(path.open("ab"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy from None
            if _is_at(path, file):
                break
            stack.close()  # whoever held it removed it before we could lock it
        file.truncate(0)
        yield file


def _is_at(path: Path, file: BinaryIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
