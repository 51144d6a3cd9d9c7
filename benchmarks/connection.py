"""Clients that wait for each answer, where wrk cannot say what is needed: who got what, and after how long."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks.load import Request

LONGEST_ANSWER = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """``status`` 0: the connection broke, or nothing came in time. Names of ``headers`` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


class Connection:
    """HTTP/1.1 over one connection, which is kept; opened again after it broke."""

    def __init__(self, origin: str, patience: float = LONGEST_ANSWER) -> None:
        self._place = urlsplit(origin)
        self._patience = patience
        self._stream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: Request) -> Reply:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self._patience):
                status, headers, body = await self._exchange(request.rendered(self._place.netloc))
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            await self.close()
            status, headers, body = 0, {}, b""
        return Reply(status, headers, body, time.perf_counter() - began)

    async def _exchange(self, raw: bytes) -> tuple[int, dict[str, str], bytes]:
        if self._stream is None:
            self._stream = await asyncio.open_connection(self._place.hostname, self._place.port)
        reader, writer = self._stream
        writer.write(raw)
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(": ") for line in lines if line)
        headers = {name.lower(): value for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if headers.get("connection") == "close":
            await self.close()
        return int(first.split()[1]), headers, body

    async def close(self) -> None:
        if self._stream is not None:
            writer, self._stream = self._stream[1], None
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


async def ask_all(origin: str, requests: Iterable[Request], width: int) -> Sequence[Reply]:
    """Each once, by ``width`` clients who take the next one as soon as they were answered."""
    waiting, replies = iter(list(requests)), []

    async def one_by_one() -> None:
        connection = Connection(origin)
        replies.extend([await connection.ask(request) for request in waiting])
        await connection.close()

    await asyncio.gather(*(one_by_one() for _ in range(width)))
    return replies


def ask(origin: str, requests: Iterable[Request], width: int) -> tuple[Sequence[Reply], float]:
    """The replies, and the seconds from the first question to the last answer."""
    began = time.perf_counter()
    replies = asyncio.run(ask_all(origin, requests, width))
    return replies, time.perf_counter() - began
