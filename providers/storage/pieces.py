"""Files read, written and removed beside the event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

T = TypeVar("T")

PIECE = 256 * 1024
GIVEN = 64 * 1024  # as much of a file waits in memory for each slow reader


@asynccontextmanager
async def beside(block: AbstractContextManager[T]) -> AsyncIterator[T]:
    """The block, entered and left in a thread: removing a large file takes the disk a while, and so does closing one
    that was removed. It learns of no exception.
    """
    entering = asyncio.ensure_future(asyncio.to_thread(block.__enter__))
    try:
        entered = await asyncio.shield(entering)
    except asyncio.CancelledError:
        await asyncio.wait([entering])
        if not entering.exception():
            await asyncio.to_thread(block.__exit__, None, None, None)
        raise
    try:
        yield entered
    finally:
        await asyncio.shield(asyncio.to_thread(block.__exit__, None, None, None))


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
    async with beside(await asyncio.to_thread(path.open, "rb")) as file:
        async for piece in pieces_of(file):
            yield piece
