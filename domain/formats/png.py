"""PNG with its animations: https://www.w3.org/TR/png-3/"""

import zlib

from domain.formats import icc
from domain.formats.exif import UPRIGHT, orientation_of, tiff_with
from domain.formats.outline import Data, Malformed, Outline, big, exactly

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LARGEST = 2**31 - 1
AROUND = 12  # length, name and checksum of a chunk
CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
# How colours, sizes and frames are meant. Texts, times, Exif and private chunks are not among them.
MEANT = {b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"hIST", b"pHYs"}
ANIMATED = {b"acTL", b"fcTL", b"fdAT"}
KEPT = CRITICAL | MEANT | ANIMATED | {b"sPLT"}


def outline(data: Data) -> Outline:
    """What follows the end of the picture is no part of it."""
    if data[:8] != SIGNATURE or data[8:16] != b"\0\0\0\x0dIHDR":
        raise Malformed("no signature and header")
    found, at, seen = Outline.of(data), 8, set()
    found.keep(0, at)
    while b"IEND" not in seen:
        found.visit()
        size, name = big(data, at, 4), exactly(data, at + 4, 4)
        end = at + AROUND + size
        if size > LARGEST or end > len(data) or not name.isalpha():
            raise Malformed("a chunk leads out of the file")
        if name != b"iCCP" or (name not in seen and _is_colour(data, at + 8, end - 4)):
            _chunk(found, data, name, at, end)
        seen.add(name)
        at = end
    if b"IDAT" not in seen:
        raise Malformed("no picture")
    return found


def _is_colour(data: Data, start: int, end: int) -> bool:
    """Whether it is a profile, behind its name and the number of the method by which it is packed."""
    if end - start > icc.LARGEST:
        return False
    _, _, packed = data[start:end].partition(b"\0")
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(packed[1:], icc.LARGEST + 1)
    except zlib.error:
        return False
    return unpacker.eof and not unpacker.unused_data and icc.is_profile(profile)


def _chunk(found: Outline, data: Data, name: bytes, start: int, end: int) -> None:
    if name == b"IHDR":
        if found.pixels:
            raise Malformed("two headers")
        found.has_frame(width=big(data, start + 8, 4), height=big(data, start + 12, 4))
    elif name == b"fcTL":
        found.has_frame(width=big(data, start + 12, 4), height=big(data, start + 16, 4))
    if name in KEPT:
        found.keep(start, end)
    elif name[:1].isupper():
        raise Malformed("a chunk that is needed and unknown")
    elif name == b"eXIf":
        orientation = orientation_of(data, start + 8, end - 4)
        if orientation != UPRIGHT:
            tiff = tiff_with(orientation)
            checksum = zlib.crc32(name + tiff)
            found.add(len(tiff).to_bytes(4, "big") + name + tiff + checksum.to_bytes(4, "big"))
