"""JPEG: https://www.w3.org/Graphics/JPEG/itu-t81.pdf, annex B."""

import re

from domain.formats import icc
from domain.formats.exif import UPRIGHT, orientation_of, tiff_with
from domain.formats.outline import Data, Malformed, Outline, big

START, END = b"\xff\xd8", b"\xff\xd9"
SOI, EOI, SOS, APP0, APP1, APP2, APP14 = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE
ALONE = {0x01, *range(0xD0, 0xD8)}  # markers without a segment
FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Tables, scans and restarts. Comments, applications' segments and reserved ones are not among them.
NEEDED = FRAMES | {0xC4, 0xCC, SOS, 0xDB, 0xDD, 0xDE, 0xDF}
MARKER = re.compile(rb"\xff+([^\x00\xff])")
# Between scans, and after them: coded data holds no other marker than restarts.
# The fill before one stays with the data: a pattern that takes it, too, tries each of its bytes as a beginning, in
# a time that grows with the square of the fill.
AFTER_DATA = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
EXIF = b"Exif\0"
EXIF_HEADER = 6
ICC = b"ICC_PROFILE\0"
MOST_PIECES = 255  # of a profile: their number has one byte
ICC_HEADER = 18  # as far as the numbers of the piece and of all pieces
JFIF = b"JFIF\0"
JFIF_BYTES = 12  # as far as the size of its thumbnail


def outline(data: Data) -> Outline:
    """Kept are picture, colour profile and orientation. What follows the picture, such as a film, is no part of it."""
    if data[:2] != START:
        raise Malformed("no start of an image")
    found, at, scanned = Outline.of(data), 2, False
    found.keep(0, 2)
    profile: list[slice] = []
    while True:
        match = AFTER_DATA.search(data, at) if scanned else MARKER.match(data, at)
        if match is None:
            break
        found.visit()
        found.keep(at, match.start())
        marker, at = match[1][0], match.end()
        if marker in (SOI, EOI):
            break
        if marker in ALONE:
            found.keep(at - 2, at)
            continue
        end = at + big(data, at, 2)
        if not at + 2 <= end <= len(data):
            raise Malformed("a segment leads out of the file")
        if marker == APP2 and data[at + 2 : at + 14] == ICC:
            if not profile:
                place = len(found.parts)
                found.add(b"")  # the profile's place, until all of it is known
            profile.append(slice(at - 2, end))
        else:
            _segment(found, data, marker, at, end)
        scanned, at = scanned or marker == SOS, end
    if not (scanned and found.pixels):
        raise Malformed("no picture")
    if match is None:  # cut short, which viewers bear
        found.keep(at, len(data))
    found.add(END)
    if profile and _is_colour(data, profile):
        found.parts[place] = b"".join(data[piece] for piece in profile)
    return found


def _is_colour(data: Data, profile: list[slice]) -> bool:
    """Whether the pieces, which are numbered, are a profile."""
    if len(profile) > MOST_PIECES or sum(piece.stop - piece.start for piece in profile) > icc.LARGEST:
        return False
    pieces = [data[piece] for piece in profile]
    numbered = [piece[ICC_HEADER - 2 : ICC_HEADER] for piece in pieces]
    whole = numbered == [bytes((number, len(pieces))) for number in range(1, len(pieces) + 1)]
    return whole and icc.is_profile(b"".join(piece[ICC_HEADER:] for piece in pieces))


def _segment(found: Outline, data: Data, marker: int, start: int, end: int) -> None:
    if marker in FRAMES:
        if found.pixels:
            raise Malformed("two frames")
        found.has_frame(height=big(data, start + 3, 2), width=big(data, start + 5, 2))
    if marker in NEEDED or (marker == APP14 and data[start + 2 : start + 7] == b"Adobe"):  # what its colours mean
        found.keep(start - 2, end)
    elif marker == APP0 and data[start + 2 : start + 7] == JFIF and end - start >= JFIF_BYTES:
        found.add(b"\xff\xe0\0\x10" + data[start + 2 : start + 14] + b"\0\0")  # without its thumbnail
    elif marker == APP1 and data[start + 2 : start + 7] == EXIF:
        orientation = orientation_of(data, start + 2 + EXIF_HEADER, end)
        if orientation != UPRIGHT:
            tiff = EXIF + b"\0" + tiff_with(orientation)
            found.add(b"\xff\xe1" + (len(tiff) + 2).to_bytes(2, "big") + tiff)
