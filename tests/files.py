"""Small files of every type that may be uploaded, whole as their standards want them."""

import struct
import zlib
from io import BytesIO

from PIL import Image

PNG_HEAD = b"\x89PNG\r\n\x1a\n"
AROUND_IDAT = 57
NAMES = {"image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF"}


def chunk(name: bytes, body: bytes) -> bytes:
    """Of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(size: int = 100, width: int = 1, height: int = 1) -> bytes:
    """Of so many bytes; what its data has beyond the picture is ignored by viewers."""
    head = PNG_HEAD + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return head + chunk(b"IDAT", zlib.compress(b"\0\x80").ljust(size - AROUND_IDAT, b"\0")) + chunk(b"IEND", b"")


def box(name: bytes, body: bytes) -> bytes:
    """Of an MP4."""
    return struct.pack(">I", len(body) + 8) + name + body


def mp4(size: int = 100, major: bytes = b"isom", *compatible: bytes) -> bytes:
    head = box(b"ftyp", major + bytes(4) + b"".join(compatible or (major,)))
    return head + box(b"mdat", bytes(max(0, size - len(head) - 8)))


def riff(form: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(n + struct.pack("<I", len(b)) + b + b"\0" * (len(b) % 2) for n, b in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + form + body


def picture(content_type: str, size: tuple[int, int] = (4, 3)) -> bytes:
    file = BytesIO()
    gradient = Image.linear_gradient("L").resize(size).convert("RGB")
    gradient.save(file, NAMES[content_type])
    return file.getvalue()


def file_of(content_type: str, size: int = 100) -> bytes:
    """PNG, MP4 and PDF have that many bytes."""
    if content_type == "image/png":
        return png(size)
    if content_type == "video/mp4":
        return mp4(size)
    if content_type == "application/pdf":
        return b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n".ljust(size, b"\n")
    return picture(content_type)
