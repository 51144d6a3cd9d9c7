"""Where the samples of a film's tracks lie: ISO/IEC 14496-12, 8.7 and 8.8.

Only tracks that stay are followed. What their tables do not name is not played, whatever it is.
"""

import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, TypeAlias

from domain.formats.boxes import Box, boxes, child
from domain.formats.outline import MOST_PARTS, Data, Malformed, NotUnderstood, Outline, big, exactly

Range: TypeAlias = tuple[int, int]
PIECE = 16384
# The two numbers of four bits in a byte.
HIGH, LOW = bytes(byte >> 4 for byte in range(256)), bytes(byte & 15 for byte in range(256))
HALF, SECOND = 64, 2**64 - 1
# Flags of the head of a fragment.
BASE, DESCRIBED, LASTING, SIZED, FROM_MOOF = 0x1, 0x2, 0x8, 0x10, 0x20000
# Flags of a run of samples. Each field of a sample has four bytes.
PLACED, FIRST_FLAGS, OWN_SIZES = 0x1, 0x4, 0x200
FIELDS = (0x100, OWN_SIZES, 0x400, 0x800)


def of_track(found: Outline, data: Data, tables: Mapping[bytes, Box]) -> Iterator[Range]:
    """Each chunk begins where a table says, and is as large as its samples."""
    places, width = (tables.get(b"stco"), 4) if b"stco" in tables else (tables.get(b"co64"), 8)
    chunks = _count(data, places, 4, 8 * width) if places else 0
    if not (places and chunks):
        return
    sizes, runs = _sizes(data, tables), tables.get(b"stsc")
    last_run = _count(data, runs, 4, 96) - 1 if runs else -1
    if runs is None or last_run < 0:
        raise NotUnderstood("no table says which samples a chunk has")
    sample = run = 0
    for chunk in range(chunks):
        found.visit()
        while run < last_run and big(data, runs.body + 8 + 12 * (run + 1), 4) <= chunk + 1:
            found.visit()
            run += 1
        count = min(big(data, runs.body + 12 + 12 * run, 4), sizes.samples - sample)
        start = big(data, places.body + 8 + width * chunk, width)
        yield start, start + sizes.total(data, sample, count)
        sample += count


def _count(data: Data, table: Box, at: int, bits: int) -> int:
    """How many entries of so many bits the table has, whose number stands right before them."""
    count = big(data, table.body + at, 4)
    if table.body + at + 4 + count * bits // 8 > table.end:
        raise Malformed("a table has fewer entries than it tells")
    return count


@dataclass(frozen=True, slots=True)
class Sizes:
    """``same``: the size of each sample; 0 where each has its own, of so many bits."""

    same: int
    samples: int
    bits: int
    start: int

    def total(self, data: Data, first: int, count: int) -> int:
        if self.same or count == 0:
            return self.same * count
        if self.bits == 4:
            return _sum_halves(data, self.start, first, first + count)
        width = self.bits // 8
        return _sum(data, self.start + width * first, count, width)


def _sizes(data: Data, tables: Mapping[bytes, Box]) -> Sizes:
    if table := tables.get(b"stsz"):
        same = big(data, table.body + 4, 4)
        samples = big(data, table.body + 8, 4) if same else _count(data, table, 8, 32)
        return Sizes(same, samples, 32, table.body + 12)
    if table := tables.get(b"stz2"):
        bits = exactly(data, table.body + 7, 1)[0]
        if bits not in (4, 8, 16):
            raise Malformed("sizes of so many bits are none")
        return Sizes(0, _count(data, table, 8, bits), bits, table.body + 12)
    raise NotUnderstood("no table says how large samples are")


def _sum_halves(data: Data, start: int, first: int, last: int) -> int:
    """Of the numbers of four bits from the first one up to the last, which is not counted."""
    begin, end, total = start + first // 2, start + (last + 1) // 2, 0
    for at in range(begin, end, PIECE):
        piece = exactly(data, at, min(PIECE, end - at))
        total += sum(piece.translate(HIGH)) + sum(piece.translate(LOW))
    if first % 2:
        total -= HIGH[data[begin]]
    if last % 2:
        total -= LOW[data[end - 1]]
    return total


def _sum(data: Data, start: int, count: int, width: int, step: int = 1) -> int:
    """Of each ``step``-th of so many numbers."""
    total, piece = 0, PIECE * step * width
    for at in range(start, start + width * count * step, piece):
        numbers = array({1: "B", 2: "H", 4: "I"}[width])
        numbers.frombytes(exactly(data, at, min(piece, start + width * count * step - at)))
        if sys.byteorder == "little":
            numbers.byteswap()
        total += sum(numbers[::step])
    return total


class Ranges:
    """Stretches of a file of ``size`` bytes, in any order. Each is one number: a film may have half a million."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._numbers: list[int] = []

    def add(self, start: int, stop: int) -> None:
        """As far as it lies in the file."""
        start, stop = max(start, 0), min(stop, self._size)
        if start >= stop:
            return
        if self._numbers and self._numbers[-1] & SECOND == start:
            self._numbers[-1] += stop - start
        else:
            self._numbers.append(start << HALF | stop)

    def merged(self) -> Iterator[Range]:
        """In order and without overlaps."""
        self._numbers.sort()
        start = stop = 0
        for number in self._numbers:
            first, last = number >> HALF, number & SECOND
            if first <= stop:
                stop = max(stop, last)
                continue
            if stop:
                yield start, stop
            start, stop = first, last
        if stop:
            yield start, stop


def few(ranges: Iterable[Range]) -> list[Range]:
    """Raises Malformed for more than a cleaned file may have parts, before all of them are there."""
    found = list(islice(ranges, MOST_PARTS + 1))
    if len(found) > MOST_PARTS:
        raise Malformed("the samples of the film lie in too many pieces")
    return found


class Defaults(NamedTuple):
    """What the head of a fragment says of one track. ``base``: where its places count from."""

    track: int
    base: int | None
    from_moof: bool
    size: int | None


@dataclass(slots=True)
class Fragment:
    """Samples of one track within a fragment of a film. ``follows``: they begin where those of the track before end."""

    track: int
    place: int
    follows: bool
    ranges: list[Range]


def of_fragment(found: Outline, data: Data, moof: Box, sizes: Mapping[int, int]) -> Iterator[tuple[Box, Fragment]]:
    """Each ``traf`` with its samples. ``sizes`` are those that the film tells for samples of a track."""
    last: int | None = None
    for traf in boxes(found, data, moof.body, moof.end):
        if traf.name != b"traf":
            continue
        told = _defaults(data, child(found, data, traf, b"tfhd"))
        follows = told.base is None and not told.from_moof and last is not None
        base = told.base if told.base is not None else last if follows and last is not None else moof.start
        size = sizes.get(told.track) if told.size is None else told.size
        runs = few(_joined(_runs(found, data, traf, base, size)))
        last = runs[-1][1] if runs else base
        yield traf, Fragment(told.track, base, follows, runs)


def _defaults(data: Data, head: Box | None) -> Defaults:
    if head is None:
        raise Malformed("a fragment without a head")
    flags, at, base, size = big(data, head.body + 1, 3), head.body + 8, None, None
    if flags & BASE:
        base, at = big(data, at, 8), at + 8
    at += 4 * bool(flags & DESCRIBED) + 4 * bool(flags & LASTING)
    if flags & SIZED:
        size = big(data, at, 4)
    return Defaults(big(data, head.body + 4, 4), base, bool(flags & FROM_MOOF), size)


def _runs(found: Outline, data: Data, traf: Box, base: int, size: int | None) -> Iterator[Range]:
    end = base
    for run in boxes(found, data, traf.body, traf.end):
        if run.name == b"trun":
            start, total = _run(data, run, base, size)
            start = end if start is None else start
            end = start + total
            yield start, end


def _joined(ranges: Iterable[Range]) -> Iterator[Range]:
    """Those as one of which each begins where the last one ended."""
    held: Range | None = None
    for start, stop in ranges:
        if held is not None and held[1] == start:
            held = held[0], stop
            continue
        if held is not None:
            yield held
        held = start, stop
    if held is not None:
        yield held


def _run(data: Data, run: Box, base: int, size: int | None) -> tuple[int | None, int]:
    """Where the samples begin, if it is told, and how large they are together."""
    flags, count, at, start = big(data, run.body + 1, 3), big(data, run.body + 4, 4), run.body + 8, None
    if flags & PLACED:
        start, at = base + int.from_bytes(exactly(data, at, 4), "big", signed=True), at + 4
    at += 4 * bool(flags & FIRST_FLAGS)
    fields = sum(bool(flags & field) for field in FIELDS)
    if at + 4 * fields * count > run.end:
        raise Malformed("a run has fewer samples than it tells")
    if flags & OWN_SIZES:
        before = 4 * bool(flags & FIELDS[0])
        return start, _sum_field(data, at, count, fields, before)
    if size is None and count:
        raise NotUnderstood("no table says how large samples are")
    return start, count * (size or 0)


def _sum_field(data: Data, at: int, count: int, fields: int, before: int) -> int:
    """The sizes among the fields of the samples; the last stretch ends with its own field, not behind the table."""
    if count == 0:
        return 0
    return _sum(data, at + before, count - 1, 4, fields) + big(data, at + before + 4 * fields * (count - 1), 4)


def places_beside(found: Outline, data: Data, table: Box, base: int) -> Iterator[int]:
    """Where what goes with samples begins, such as how each was encrypted (``saio``)."""
    version, flags = exactly(data, table.body, 1)[0], big(data, table.body + 1, 3)
    at, width = 4 + (8 if flags & 1 else 0), 8 if version else 4
    for number in range(_count(data, table, at, 8 * width)):
        found.visit()
        yield base + big(data, table.body + at + 4 + width * number, width)
