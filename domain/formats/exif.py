"""The one thing of Exif that a picture needs: which side is up. https://www.cipa.jp/std/documents/e/DC-X008-Translation-2019-E.pdf"""

import struct

from domain.formats.outline import Data

ORIENTATION = 0x0112
SHORT = 3
UPRIGHT = 1
MOST_ENTRIES = 1000
# What JPEG has room for. Other formats have for gigabytes, of which nothing is read.
LARGEST = 65536
ENTRY = 12


def orientation_of(data: Data, start: int, stop: int) -> int:
    """1 to 8, as a TIFF header and its first directory say; 1, upright, for whatever is no orientation."""
    tiff = data[start : min(stop, start + LARGEST)]
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return UPRIGHT
    try:
        (directory,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, directory)
        for number in range(min(count, MOST_ENTRIES)):
            tag, kind, values, value = struct.unpack_from(order + "HHIH", tiff, directory + 2 + number * ENTRY)
            if tag == ORIENTATION:
                return value if (kind, values) == (SHORT, 1) and 1 <= value <= 8 else UPRIGHT
    except struct.error:  # a directory that leads out of the data
        pass
    return UPRIGHT


def tiff_with(orientation: int) -> bytes:
    """A TIFF header and a directory that says nothing else."""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, ORIENTATION, SHORT, 1, orientation, 0, 0)
