"""WebP: https://www.rfc-editor.org/rfc/rfc9649"""

from collections.abc import Iterator
from typing import NamedTuple

from domain.formats import icc
from domain.formats.exif import UPRIGHT, orientation_of, tiff_with
from domain.formats.outline import Data, Malformed, Outline, exactly, length_of, little

EXIF = b"Exif\0\0"
ICC_FLAG, EXIF_FLAG, XMP_FLAG = 0x20, 0x08, 0x04
PICTURES = {b"VP8 ", b"VP8L"}
KEPT = {b"ANIM", b"ALPH"} | PICTURES
OF_FRAME = {b"ALPH"} | PICTURES
FRAME_HEAD = 16


class Chunk(NamedTuple):
    name: bytes
    start: int  # of its head
    size: int

    @property
    def body(self) -> int:
        return self.start + 8

    @property
    def end(self) -> int:
        return self.body + self.size


def outline(data: Data) -> Outline:
    """Exif, XMP and unknown chunks go, and what follows the file's own end. Flags and sizes are made to fit."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise Malformed("no RIFF of the form WEBP")
    found = Outline.of(data)
    chunks = _chunks(found, data, 12, 8 + little(data, 4, 4))
    first = next(chunks, None)
    if first is not None and first.name in PICTURES:
        _picture(found, data, first)
    elif first is not None and first.name == b"VP8X" and first.size == 10:
        _extended(found, data, first, chunks)
    else:
        raise Malformed("no picture")
    found.parts.insert(0, b"RIFF" + (4 + length_of(found.parts)).to_bytes(4, "little") + b"WEBP")
    return found


def _extended(found: Outline, data: Data, head: Chunk, chunks: Iterator[Chunk]) -> None:
    found.has_frame(width=little(data, head.body + 4, 3) + 1, height=little(data, head.body + 7, 3) + 1)
    orientation, pictures, coloured = UPRIGHT, 0, False
    found.add(b"")  # the head's place, until all is known
    for chunk in chunks:
        if chunk.name == b"EXIF":
            orientation = _orientation(data, chunk)
        elif chunk.name == b"ANMF":
            _frame(found, data, chunk)
        elif chunk.name in PICTURES:
            _picture(found, data, chunk)
        elif chunk.name in KEPT:
            _keep(found, data, chunk)
        elif chunk.name == b"ICCP" and not coloured and _is_colour(data, chunk):
            coloured = True
            _keep(found, data, chunk)
        pictures += chunk.name in PICTURES or chunk.name == b"ANMF"
    if not pictures:
        raise Malformed("no picture")
    flags = data[head.body] & ~(EXIF_FLAG | XMP_FLAG | (0 if coloured else ICC_FLAG))
    if orientation != UPRIGHT:
        flags |= EXIF_FLAG
        tiff = tiff_with(orientation)
        found.add(_head(b"EXIF", len(tiff)) + tiff)
    found.parts[0] = _head(b"VP8X", 10) + bytes((flags,)) + exactly(data, head.body + 1, 9)


def _is_colour(data: Data, chunk: Chunk) -> bool:
    return chunk.size <= icc.LARGEST and icc.is_profile(data[chunk.body : chunk.end])


def _orientation(data: Data, chunk: Chunk) -> int:
    """Some encoders put the name of JPEG's segment in front."""
    named = data[chunk.body : min(chunk.end, chunk.body + len(EXIF))] == EXIF
    return orientation_of(data, chunk.body + (len(EXIF) if named else 0), chunk.end)


def _frame(found: Outline, data: Data, chunk: Chunk) -> None:
    """One picture of an animation, with chunks of its own."""
    found.has_frame(width=little(data, chunk.body + 6, 3) + 1, height=little(data, chunk.body + 9, 3) + 1)
    inner = Outline()
    for part in _chunks(found, data, chunk.body + FRAME_HEAD, chunk.end):
        if part.name in PICTURES:
            _picture(inner, data, part)
        elif part.name in OF_FRAME:
            _keep(inner, data, part)
    found.pixels = max(found.pixels, inner.pixels)
    found.add(_head(chunk.name, FRAME_HEAD + length_of(inner.parts)) + exactly(data, chunk.body, FRAME_HEAD))
    for kept in inner.parts:
        found.add(kept)


def _picture(found: Outline, data: Data, chunk: Chunk) -> None:
    if chunk.name == b"VP8L":
        if data[chunk.body] != 0x2F:
            raise Malformed("no lossless picture")
        sizes = little(data, chunk.body + 1, 4)
        found.has_frame(width=(sizes & 0x3FFF) + 1, height=(sizes >> 14 & 0x3FFF) + 1)
    else:
        if data[chunk.body + 3 : chunk.body + 6] != b"\x9d\x01\x2a":
            raise Malformed("no lossy picture")
        found.has_frame(width=little(data, chunk.body + 6, 2) & 0x3FFF, height=little(data, chunk.body + 8, 2) & 0x3FFF)
    _keep(found, data, chunk)


def _keep(found: Outline, data: Data, chunk: Chunk) -> None:
    found.keep(chunk.start, chunk.end)
    if chunk.size % 2:
        found.add(b"\0")


def _chunks(found: Outline, data: Data, at: int, end: int) -> Iterator[Chunk]:
    """Chunks have an even size, with a byte more behind those that have not."""
    if end > len(data) + 1:
        raise Malformed("the file ends too early")
    while at + 8 <= min(end, len(data)):
        found.visit()
        chunk = Chunk(exactly(data, at, 4), at, little(data, at + 4, 4))
        if chunk.end > min(end, len(data)):
            raise Malformed("a chunk leads out of the file")
        yield chunk
        at = chunk.end + chunk.size % 2


def _head(name: bytes, size: int) -> bytes:
    return name + size.to_bytes(4, "little")
