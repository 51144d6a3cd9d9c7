"""Small files of every type that may be uploaded, whole as their standards want them."""

import struct
import zlib
from io import BytesIO

from PIL import Image

PNG_HEAD = b"\x89PNG\r\n\x1a\n"
AROUND_IDAT = 57
NAMES = {"image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF"}


def box(name: bytes, body: bytes) -> bytes:
    """Of an MP4."""
    return struct.pack(">I", len(body) + 8) + name + body


# How a track of pictures is decoded.
ENTRY = box(b"avc1", bytes(78) + box(b"avcC", b"\1decoder") + box(b"pasp", struct.pack(">II", 1, 1)))


def chunk(name: bytes, body: bytes) -> bytes:
    """Of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(size: int = 100, width: int = 1, height: int = 1) -> bytes:
    """Of so many bytes; what its data has beyond the picture is ignored by viewers."""
    head = PNG_HEAD + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return head + chunk(b"IDAT", zlib.compress(b"\0\x80").ljust(size - AROUND_IDAT, b"\0")) + chunk(b"IEND", b"")


def ftyp(major: bytes = b"isom", *compatible: bytes) -> bytes:
    return box(b"ftyp", major + bytes(4) + b"".join(compatible or (major,)))


def stamped(name: bytes, version: int, times: bytes, number: int = 1) -> bytes:
    """Of a film, a track or its media: when it was made and changed."""
    return box(name, bytes([version, 0, 0, 0]) + times + struct.pack(">I", number) + bytes(76))


def index(start: int, *sizes: int) -> bytes:
    """The tables of a track whose samples lie in one chunk."""
    runs = box(b"stsc", bytes(4) + struct.pack(">4I", 1, 1, len(sizes), 1))
    table = box(b"stsz", bytes(4) + struct.pack(f">2I{len(sizes)}I", 0, len(sizes), *sizes))
    return runs + table + box(b"stco", bytes(4) + struct.pack(">2I", 1, start))


def track(handler: bytes, entry: bytes, tables: bytes = b"", number: int = 1, inner: bytes = b"") -> bytes:
    table = box(b"stbl", box(b"stsd", struct.pack(">II", 0, 1) + entry) + tables)
    info = box(b"vmhd", bytes(12)) + box(b"dinf", box(b"dref", struct.pack(">II", 0, 1) + box(b"url ", b"\0\0\0\1")))
    media = stamped(b"mdhd", 0, bytes(8)) + box(b"hdlr", bytes(8) + handler + bytes(13)) + box(b"minf", info + table)
    return box(b"trak", stamped(b"tkhd", 0, bytes(8), number) + inner + box(b"mdia", media))


def moov(*tracks: bytes) -> bytes:
    return box(b"moov", stamped(b"mvhd", 0, bytes(8)) + b"".join(tracks))


def mp4(size: int = 0, major: bytes = b"isom", *compatible: bytes) -> bytes:
    """Of so many bytes, or of 10 more than its boxes take. Its one sample comes first."""
    first = ftyp(major, *compatible)
    boxes = len(first + moov(track(b"vide", ENTRY, index(0, 1)))) + 8
    media = max(10, size - boxes)
    return first + box(b"mdat", bytes(media)) + moov(track(b"vide", ENTRY, index(len(first) + 8, media)))


def riff(form: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(n + struct.pack("<I", len(b)) + b + b"\0" * (len(b) % 2) for n, b in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + form + body


def picture(content_type: str, size: tuple[int, int] = (4, 3)) -> bytes:
    file = BytesIO()
    gradient = Image.linear_gradient("L").resize(size).convert("RGB")
    gradient.save(file, NAMES[content_type])
    return file.getvalue()


def file_of(content_type: str, size: int = 100) -> bytes:
    """PNG and PDF have that many bytes, MP4 if it is enough for its boxes."""
    if content_type == "image/png":
        return png(size)
    if content_type == "video/mp4":
        return mp4(size)
    if content_type == "application/pdf":
        return b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n".ljust(size, b"\n")
    return picture(content_type)
