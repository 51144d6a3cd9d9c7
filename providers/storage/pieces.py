"""Files in pieces, read and written beside the event loop."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

PIECE = 256 * 1024
GIVEN = 64 * 1024  # as much of a file waits in memory for each reader who takes his time


async def pieces_of(file: BinaryIO, limit: int | None = None) -> AsyncIterator[bytes]:
    """What follows in an open file, its next ``limit`` bytes or all of it."""
    left = limit
    while left is None or left > 0:
        piece = await asyncio.to_thread(file.read, GIVEN if left is None else min(GIVEN, left))
        if not piece:
            return
        if left is not None:
            left -= len(piece)
        yield piece


async def pieces_at(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as file:
        async for piece in pieces_of(file):
            yield piece
