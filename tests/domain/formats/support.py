"""Files as tests of formats make and read them.

Pillow is the judge: it decodes what was cleaned, and reads what metadata is left.
"""

import struct
from io import BytesIO
from typing import Any

from PIL import Image, ImageSequence

from domain.formats import Malformed, copied, outline
from tests.files import ENTRY, box, ftyp, index, moov, track

ORIENTATION, MAKE, GPS = 0x0112, 0x010F, 0x8825
PLACE = b"52 deg 31 N"


def clean(content_type: str, data: bytes) -> bytes:
    return b"".join(copied(outline(content_type, data).parts, data))


def exif(orientation: int) -> Image.Exif:
    """What a phone writes: which side is up, what made it, and where."""
    found = Image.Exif()
    found[ORIENTATION], found[MAKE] = orientation, "A phone of Ada"
    found.get_ifd(GPS)[1] = "N"
    found.get_ifd(GPS)[2] = (52.0, 31.0, 12.0)
    found.get_ifd(GPS)[0x1B] = PLACE
    return found


def photo(name: str, **options: Any) -> bytes:
    file = BytesIO()
    Image.radial_gradient("L").resize((48, 32)).convert("RGB").save(file, name, **options)
    return file.getvalue()


def pixels(data: bytes) -> list[bytes]:
    with Image.open(BytesIO(data)) as image:
        return [frame.convert("RGBA").tobytes() for frame in ImageSequence.Iterator(image)]


def told(data: bytes) -> dict[int, Any]:
    with Image.open(BytesIO(data)) as image:
        return dict(image.getexif())


def is_taken(content_type: str, data: bytes) -> bool:
    try:
        outline(content_type, data)
    except Malformed:
        return False
    return True


COMPRESSOR = 42


FILM = b"a film"


AT = len(ftyp()) + 8  # where the data of a film begins


OWN = index(AT, len(FILM))


def film(
    inner: bytes = b"", path: tuple[bytes, ...] = (), compressor: bytes = b"", tracks: list[bytes] | None = None,
    data: bytes = FILM,
) -> bytes:  # fmt: skip
    """A whole one, with ``inner`` as the last box of the one at the path."""
    entry = bytearray(ENTRY)
    at = 8 + COMPRESSOR
    entry[at : at + len(compressor)] = compressor
    made = ftyp() + box(b"mdat", data) + moov(*(tracks or [track(b"vide", bytes(entry), OWN)]))
    if path[:1] == (b"moof",):
        made += box(b"moof", fragment(1, b""))
    elif path and path[0] != b"moov":
        made += box(path[0], b"")
    return with_box(made, path, inner)


def fragment(number: int, runs: bytes, flags: int = 0, told: bytes = b"") -> bytes:
    return box(b"traf", box(b"tfhd", struct.pack(">II", flags, number) + told) + runs)


def with_box(data: bytes, path: tuple[bytes, ...], inner: bytes) -> bytes:
    if not path:
        return data + inner
    at, made = 0, b""
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        whole = data[at : at + size]
        if name == path[0]:
            whole, path = box(name, with_box(whole[8:], path[1:], inner)), (b"none",)
        made += whole
        at += size
    return made + (b"" if path == (b"none",) else box(path[0], with_box(b"", path[1:], inner)))
