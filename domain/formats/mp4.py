"""MP4: ISO/IEC 14496-12 and -14. https://mp4ra.org/registered-types/brands"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from domain.formats.outline import Data, Malformed, Outline, big, exactly

# ISO media and MP4, their profiles for streaming and by broadcasters, phones, and cameras with brands of their own.
FAMILY = re.compile(
    rb"iso[m2-9abc]|mp4[12]|mp71|avc1|hvc1|av01|dash|dsms|msdh|msix|cmf[2cfls]|piff|"
    rb"M4V[ HP]|[Ff]4v |F4V |3g[eghprst2p][0-9a-z]|mmp4|MSNV|XAVC|CAEP|ND[HSX][ACHMPS]"
)
# Pictures, sound and other films. Such files may name the family among what they are compatible with.
OTHERS = re.compile(
    rb"hei[cmsx]|hev[cmsx]|mif[12]|msf1|avi[fos]|MA1[AB]|jpe[gs]|j2[ik][is]|jp[2mx] |mj[2p][2s ]|crx |"
    rb"M4[ABP] |[Ff]4[abp] |F4[ABP] |qt  "
)
LARGEST_HEAD = 4096
# Boxes that hold boxes in which somebody's notes may stand.
OPENED = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"edts", b"mvex"}
# Notes of the camera and of programs: places, names, times. Players need none of them.
NOTES = {b"udta", b"meta", b"uuid", b"ID32"}
# Says only that a film is to be seen all around: https://github.com/google/spatial-media
SPHERICAL = bytes.fromhex("ffcc8263f8554a938814587a02521fdd")
DEEPEST = 8


class Box(NamedTuple):
    name: bytes
    start: int
    body: int
    end: int


def outline(data: Data) -> Outline:
    """Notes are replaced by free space of the same size, so that all offsets hold. Free space is made of zeros."""
    found = Outline()
    _require_family(found, data)
    _copy(found, data, 0, len(data), 0)
    return found


def _require_family(found: Outline, data: Data) -> None:
    head = next(_boxes(found, data, 0, len(data)), None)
    if head is None or head.name != b"ftyp" or not 8 <= head.end - head.body <= LARGEST_HEAD:
        raise Malformed("no type of file")
    body = exactly(data, head.body, head.end - head.body)
    major, compatible = body[:4], [body[at : at + 4] for at in range(8, len(body) - 3, 4)]
    if OTHERS.fullmatch(major) or not any(FAMILY.fullmatch(brand) for brand in (major, *compatible)):
        raise Malformed("not of the family of MP4")


def _copy(found: Outline, data: Data, start: int, stop: int, depth: int) -> None:
    at = start
    for box in _boxes(found, data, start, stop):
        if box.name in NOTES and data[box.body : box.body + 16] != SPHERICAL:
            found.add(data[box.start : box.start + 4] + b"free" + data[box.start + 8 : box.body])
            found.add(box.end - box.body)
        elif box.name in OPENED and depth < DEEPEST:
            found.keep(box.start, box.body)
            _copy(found, data, box.body, box.end, depth + 1)
        else:
            found.keep(box.start, box.end)
        at = box.end
    found.keep(at, stop)


def _boxes(found: Outline, data: Data, at: int, stop: int) -> Iterator[Box]:
    """As far as they are whole. The last one may have the size 0: it reaches to the end, and is left to the caller."""
    while at + 8 <= stop:
        found.visit()
        size, body = big(data, at, 4), at + 8
        if size == 1 and at + 16 <= stop:
            size, body = big(data, body, 8), at + 16
        if size < body - at or at + size > stop:
            return
        yield Box(data[at + 4 : at + 8], at, body, at + size)
        at += size
