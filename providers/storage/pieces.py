"""Files in pieces, read and written beside the event loop."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

PIECE = 256 * 1024


async def pieces_of(path: Path, limit: int | None = None) -> AsyncIterator[bytes]:
    """The file, its first ``limit`` bytes or all of it."""
    left = limit
    with path.open("rb") as file:
        while left is None or left > 0:
            piece = await asyncio.to_thread(file.read, PIECE if left is None else min(PIECE, left))
            if not piece:
                return
            if left is not None:
                left -= len(piece)
            yield piece
