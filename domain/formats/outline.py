"""What the readers of formats have in common."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from mmap import mmap
from typing import TypeAlias

Data: TypeAlias = bytes | mmap
# What a cleaned file consists of: bytes that are new, a stretch of the former file, or a number of zeros.
Part: TypeAlias = bytes | slice | int

PIECE = 256 * 1024
# No encoder comes near; a file of nothing but tiny pieces costs time for nothing.
MOST_PARTS = 100_000
# Markers, chunks, blocks and boxes that are looked at, kept or not: the bound of the time that one file takes. A small
# file may not cost as much as a large one: beyond some, a visit has its share of the bytes.
MOST_VISITED = 500_000
VISITS_OF_ANY = 20_000
BYTES_OF_A_VISIT = 64


class Malformed(Exception):
    """The data is no file of the format that it claims."""


class NotUnderstood(Malformed):
    """The data may be a whole file, but what of it is played cannot be told from all else."""


@dataclass(slots=True)
class Outline:
    """``pixels`` are those of the largest frame; 0 where the format has no picture that is decoded at once.

    ``most_visited`` is how many pieces are looked at before the file is refused.
    """

    most_visited: int = MOST_VISITED
    parts: list[Part] = field(default_factory=list)
    pixels: int = 0
    visited: int = 0

    @classmethod
    def of(cls, data: Data) -> "Outline":
        """An empty one, with as many visits as a file of this size may cost."""
        return cls(min(MOST_VISITED, VISITS_OF_ANY + len(data) // BYTES_OF_A_VISIT))

    def visit(self) -> None:
        """Once for each marker, chunk, block and box. Raises Malformed for more than any encoder writes."""
        self.visited += 1
        if self.visited > self.most_visited:
            raise Malformed("the file has too many pieces")

    def keep(self, start: int, stop: int) -> None:
        last = self.parts[-1] if self.parts else None
        if isinstance(last, slice) and last.stop == start:
            self.parts[-1] = slice(last.start, stop)
        elif stop > start:
            self.add(slice(start, stop))

    def add(self, part: Part) -> None:
        if len(self.parts) >= MOST_PARTS:
            raise Malformed("the file has too many parts")
        self.parts.append(part)

    def has_frame(self, width: int, height: int) -> None:
        if width < 1 or height < 1:
            raise Malformed("a frame without an area")
        self.pixels = max(self.pixels, width * height)


def big(data: Data, start: int, size: int) -> int:
    """A number, its first byte the most significant."""
    return int.from_bytes(exactly(data, start, size), "big")


def little(data: Data, start: int, size: int) -> int:
    return int.from_bytes(exactly(data, start, size), "little")


def exactly(data: Data, start: int, size: int) -> bytes:
    found = data[start : start + size]
    if len(found) < size:
        raise Malformed("the file ends too early")
    return found


def length_of(parts: list[Part]) -> int:
    return sum(_length(part) for part in parts)


def _length(part: Part) -> int:
    if isinstance(part, slice):
        return int(part.stop - part.start)
    return part if isinstance(part, int) else len(part)


def copied(parts: list[Part], data: Data) -> Iterator[bytes]:
    """The cleaned file in pieces that are small enough for memory."""
    for part in parts:
        if isinstance(part, bytes):
            yield part
            continue
        start = part.start if isinstance(part, slice) else 0
        for at in range(0, _length(part), PIECE):
            size = min(PIECE, _length(part) - at)
            yield data[start + at : start + at + size] if isinstance(part, slice) else bytes(size)
