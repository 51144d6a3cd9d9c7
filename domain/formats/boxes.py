"""Boxes of ISO media files, each with its size in front: ISO/IEC 14496-12, 4.2."""

from collections.abc import Iterator
from typing import NamedTuple

from domain.formats.outline import Data, Malformed, Outline, big, exactly


class Box(NamedTuple):
    name: bytes
    start: int
    body: int
    end: int


def boxes(found: Outline, data: Data, at: int, stop: int) -> Iterator[Box]:
    """All that lie between. Fewer than eight bytes may follow the last one: some lists end with a zero."""
    while at + 8 <= stop:
        found.visit()
        size, name, body = big(data, at, 4), exactly(data, at + 4, 4), at + 8
        if size == 1:
            size, body = big(data, body, 8), at + 16
        elif size == 0 and stop == len(data):  # the last one of a file may reach to its end
            size = stop - at
        if size < body - at or at + size > stop:
            raise Malformed("a box is larger than what it lies in")
        yield Box(name, at, body, at + size)
        at += size


def child(found: Outline, data: Data, parent: Box | None, *path: bytes) -> Box | None:
    """The first box of the name in the first one of each name before it."""
    for name in path:
        if parent is None:
            return None
        parent = next((box for box in boxes(found, data, parent.body, parent.end) if box.name == name), None)
    return parent
