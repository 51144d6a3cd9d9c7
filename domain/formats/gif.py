"""GIF: https://www.w3.org/Graphics/GIF/spec-gif89a.txt"""

import re

from domain.formats.outline import Data, Malformed, Outline, little

HEADS = (b"GIF87a", b"GIF89a")
IMAGE, EXTENSION, TRAILER = 0x2C, 0x21, 0x3B
CONTROL, TEXT, APPLICATION = 0xF9, 0x01, 0xFF
# How often it repeats, and how colours are meant.
APPLICATIONS = {b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"}
ZEROS = re.compile(rb"\0+")


def outline(data: Data) -> Outline:
    """Comments and what other applications left go; so does what follows the end of the picture."""
    if data[:6] not in HEADS:
        raise Malformed("no header")
    found, at, images = Outline.of(data), 13 + _table(data[10]), 0
    found.has_frame(width=little(data, 6, 2), height=little(data, 8, 2))
    found.keep(0, at)
    while at < len(data) and data[at] != TRAILER:
        found.visit()
        if stray := ZEROS.match(data, at):
            at = stray.end()
        elif data[at] == IMAGE:
            end = _blocks(found, data, at + 11 + _table(data[at + 9]))
            found.has_frame(width=little(data, at + 5, 2), height=little(data, at + 7, 2))
            found.keep(at, end)
            at, images = end, images + 1
        elif data[at] == EXTENSION:
            end = _blocks(found, data, at + 2)
            if _is_needed(data, at):
                found.keep(at, end)
            at = end
        elif images:  # some encoders forget the trailer
            break
        else:
            raise Malformed("an unknown block")
    if not images:
        raise Malformed("no picture")
    found.add(bytes((TRAILER,)))
    return found


def _is_needed(data: Data, extension: int) -> bool:
    label = data[extension + 1]
    return label in (CONTROL, TEXT) or (label == APPLICATION and data[extension + 3 : extension + 14] in APPLICATIONS)


def _table(flags: int) -> int:
    """The bytes of the table of colours that follows."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks(found: Outline, data: Data, at: int) -> int:
    """Where a chain of blocks ends, each of which begins with its size."""
    while size := data[at]:
        found.visit()
        at += size + 1
    return at + 1
