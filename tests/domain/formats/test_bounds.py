"""What a file may cost: pixels, parts, memory and time."""

import gc
import struct
import time
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from domain.formats import Malformed, copied, outline
from domain.formats.outline import MOST_PARTS, MOST_VISITED, PIECE, VISITS_OF_ANY
from domain.formats.samples import Sizes
from domain.upload import Refused, cleaned
from tests.domain.formats.support import (
    AT,
    OWN,
    clean,
    film,
    fragment,
    is_taken,
    photo,
)
from tests.files import ENTRY, box, chunk, moov, mp4, picture, png, riff, track


class TestBounds:
    BOMBS = (
        ("image/png", png(100, 50_000, 50_000)),
        ("image/png", png(100, 1, 2**31 - 1)),
        ("image/gif", picture("image/gif")[:6] + b"\xff\xff\xff\xff" + picture("image/gif")[10:]),
        ("image/webp", riff(b"WEBP", (b"VP8L", b"\x2f\xff\xff\xff\x0f" + bytes(20)))),
        ("image/webp", riff(b"WEBP", (b"VP8X", b"\0\0\0\0" + b"\xff" * 6), (b"VP8 ", picture("image/webp")[20:]))),
    )

    @pytest.mark.parametrize(("content_type", "data"), BOMBS, ids=range(len(BOMBS)))
    def test_pictures_that_would_fill_a_viewers_memory_are_refused(self, content_type: str, data: bytes) -> None:
        with pytest.raises(Refused, match="too_many_pixels"):
            cleaned(content_type, data, 50_000_000)

    def test_a_jpeg_too(self) -> None:
        whole = photo("JPEG")
        at = whole.index(b"\xff\xc0") + 5
        with pytest.raises(Refused, match="too_many_pixels"):
            cleaned("image/jpeg", whole[:at] + b"\xff\xff\xff\xff" + whole[at + 4 :], 50_000_000)

    @pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "GIF"])
    def test_the_bound_is_exact(self, name: str) -> None:
        data = photo(name)
        assert cleaned(f"image/{name.lower()}", data, 48 * 32)
        with pytest.raises(Refused, match="too_many_pixels"):
            cleaned(f"image/{name.lower()}", data, 48 * 32 - 1)

    @pytest.mark.parametrize(("width", "height"), [(0, 1), (1, 0), (0, 0)])
    def test_a_picture_without_an_area_is_none(self, width: int, height: int) -> None:
        assert not is_taken("image/png", png(100, width, height))
        gif = picture("image/gif")
        assert not is_taken("image/gif", gif[:6] + struct.pack("<HH", width, height) + gif[10:])
        jpeg = photo("JPEG")
        at = jpeg.index(b"\xff\xc0") + 5
        assert not is_taken("image/jpeg", jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :])

    def test_a_file_of_nothing_but_tiny_parts_is_refused(self) -> None:
        whole = png()
        crumbs = (chunk(b"tEXt", b"") + chunk(b"bKGD", b"")) * MOST_PARTS
        assert not is_taken("image/png", whole[:33] + crumbs + whole[33:])

    def test_a_large_file_is_copied_in_pieces(self) -> None:
        data = mp4(3 * PIECE) + box(b"udta", bytes(2 * PIECE))
        assert max(len(piece) for piece in copied(outline("video/mp4", data).parts, data)) == PIECE


MIB = 1024 * 1024


MANY = 200_000


def halves(count: int) -> bytes:
    """The tables of a track whose samples have one byte each, told in four bits."""
    runs = box(b"stsc", struct.pack(">5I", 0, 1, 1, count, 1))
    table = box(b"stz2", struct.pack(">3I", 0, 4, count) + b"\x11" * (count // 2))
    return runs + table + box(b"stco", struct.pack(">3I", 0, 1, AT))


def scattered(count: int, size: int, step: int, start: int = AT) -> bytes:
    """The tables of a track that has one sample in each chunk, all of the same size."""
    runs = box(b"stsc", struct.pack(">5I", 0, 1, 1, 1, 1))
    table = box(b"stsz", struct.pack(">3I", 0, size, count))
    starts = struct.pack(f">{count}I", *range(start, start + count * step, step))
    return runs + table + box(b"stco", struct.pack(">2I", 0, count) + starts)


def runs_apart(count: int) -> bytes:
    """A fragment with as many runs of one sample, and a byte between each two."""
    runs = b"".join(box(b"trun", struct.pack(">3I", 1, 1, 2 * number)) for number in range(count))
    return box(b"moof", fragment(1, runs, 0x10, struct.pack(">I", 1)))


def sizes_of_tracks(count: int) -> bytes:
    told = b"".join(box(b"trex", struct.pack(">6I", 0, number, 1, 0, number, 0)) for number in range(count))
    return moov(box(b"mvex", told))


def exif_in_webp(size: int) -> bytes:
    return riff(b"WEBP", (b"VP8X", bytes(10)), (b"EXIF", bytes(size)), (b"VP8 ", picture("image/webp")[20:]))


class TestMemory:
    """Of a file that is looked at little is in memory at once, whatever its tables tell."""

    LARGE = (
        (lambda: film(tracks=[track(b"vide", ENTRY, halves(8 * MIB))]), MIB),
        (lambda: film(tracks=[track(b"vide", ENTRY, scattered(MANY, 1, 2))], data=bytes(2 * MANY)), 32 * MIB),
        (lambda: film() + runs_apart(MANY), 20 * MIB),
        (lambda: film() + box(b"mdat", b"x") * MANY, 32 * MIB),
        (lambda: film() + sizes_of_tracks(MANY), 4 * MIB),
        (lambda: film(tracks=[track(b"vide", box(b"mp4v", bytes(78) + box(b"esds", bytes(8 * MIB))), OWN)]), MIB),
        (lambda: png()[:33] + chunk(b"eXIf", bytes(8 * MIB)) + png()[33:], MIB),
        (lambda: exif_in_webp(8 * MIB), MIB),
    )

    @pytest.mark.parametrize(("make", "bound"), LARGE, ids=range(len(LARGE)))
    def test_is_bounded(self, make: Callable[[], bytes], bound: int) -> None:
        data = make()
        content_type = {b"\x89PNG": "image/png", b"RIFF": "image/webp"}.get(data[:4], "video/mp4")
        tracemalloc.start()
        try:
            is_taken(content_type, data)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < bound

    def test_a_film_of_many_chunks_is_taken(self) -> None:
        """As of an hour, where pictures and sound take turns: together they lie in one piece."""
        count = MOST_PARTS + 10_000
        pictures, sound = (scattered(count, 64, 128, start) for start in (AT, AT + 64))
        tracks = [track(b"vide", ENTRY, pictures), track(b"soun", box(b"mp4a", bytes(28)), sound, 2)]
        whole = film(tracks=tracks, data=b"x" * (128 * count))
        assert clean("video/mp4", whole) == whole

    @pytest.mark.parametrize("first", range(5))
    @pytest.mark.parametrize("count", [0, 1, 2, 7, 2 * 16384 + 1, 50_000])
    def test_sizes_of_four_bits_are_added_up_from_anywhere(self, first: int, count: int) -> None:
        packed = bytes((number * 7 + number // 3) % 256 for number in range(30_000))
        digits = [int(digit, 16) for digit in packed.hex()]
        sizes = Sizes(0, len(digits), 4, 3)
        assert sizes.total(b"abc" + packed, first, count) == sum(digits[first : first + count])


class TestTime:
    """Nothing that repeats for megabytes may hold a worker: the time grows with the size, never with its square."""

    SCAN = bytes.fromhex("ffd8ffc0000b080010001001011100ffda0008010100003f00")
    BEGINNINGS = (
        ("image/jpeg", SCAN),
        ("image/jpeg", SCAN[:2]),
        ("image/jpeg", SCAN[:15]),
        ("image/png", png()[:33]),
        ("image/png", png()[:-12]),
        ("image/gif", picture("image/gif")[:13] + bytes.fromhex("2c000000000400030000") + b"\x08"),
        ("image/gif", picture("image/gif")[:-1]),
        ("image/gif", b"GIF89a\x04\0\x03\0\0\0\0"),
        ("image/webp", b"RIFF\xf8\xff\xff\x7fWEBPVP8X" + struct.pack("<I", 10) + bytes(10)),
        ("video/mp4", mp4()),
        ("video/mp4", mp4() + struct.pack(">I", 2**21) + b"moov"),
        ("application/pdf", b"%PDF-1.7\n"),
        ("application/pdf", b""),
    )
    REPEATED = (
        "ff", "00", "ff00", "ff01", "ffd0", "ffd7", "ffd9", "ffd8", "ffda", "ffe1", "ffff00", "ffff01", "ffffd0",
        "ffda0002", "ffe10002", "fffe0002", "ffdb0002", "01", "0100", "2c", "21", "2100", "210000", "21f900", "21ff00",
        "2cff", "0021f900", "000021fe", "25", "255044462d", "255044462d31", "0000000866726565", "0000000875647461",
        "000000086d6f6f76", "00000001", "000000016d6f6f760000000000000010", "0000000075647461", "4558494600000000",
        "414c504800000000", "414e4d4600000000", "7445587400000000", "0000000074455874aaaaaaaa",
        "00000000624b4744aaaaaaaa", "0000000049444154aaaaaaaa", "000000006558496600000000",
    )  # fmt: skip

    @pytest.fixture(autouse=True)
    def without_collector(self) -> Iterator[None]:
        """What the collector does with the objects of all tests before is no time of a check."""
        gc.disable()
        yield
        gc.enable()

    @pytest.mark.parametrize("pattern", REPEATED)
    def test_grows_with_the_size_alone(self, pattern: str) -> None:
        """A quarter of a MiB takes a tenth of a second at most; by the square law it would take minutes."""
        piece = bytes.fromhex(pattern)
        for content_type, head in self.BEGINNINGS:
            data = head + piece * (2**18 // len(piece)) + b"\0\xff\xd9"
            began = time.thread_time()
            is_taken(content_type, data)
            assert time.thread_time() - began < 1, content_type

    def test_tables_that_claim_the_rest_of_the_film_are_read_to_their_own_end(self) -> None:
        """Each of the tracks would add up all that follows; together they would take a minute."""
        tables = (
            box(b"stsc", bytes(4) + struct.pack(">4I", 1, 1, 2**32 - 1, 1))
            + box(b"stsz", bytes(4) + struct.pack(">2I", 0, 2**22))
            + box(b"stco", bytes(4) + struct.pack(">2I", 1, 0))
        )
        data = film(tracks=[track(b"vide", ENTRY, tables, number) for number in range(600)]) + box(
            b"mdat", bytes(2**24)
        )
        began = time.thread_time()
        assert not is_taken("video/mp4", data)
        assert time.thread_time() - began < 5

    @pytest.mark.parametrize(
        ("content_type", "head", "piece"),
        [
            ("image/jpeg", SCAN[:2], b"\xff\x01"),
            ("image/jpeg", SCAN[:2], b"\xff\xfe\0\2"),
            ("image/png", png()[:33], chunk(b"tEXt", b"")),
            ("image/gif", picture("image/gif")[:-1], b"\x21\xfe\0"),
            ("image/gif", picture("image/gif")[:-1] + b"\x21\xfe", b"\1\0"),
            (
                "image/webp",
                riff(b"WEBP", (b"VP8X", bytes(10)), (b"JUNK", bytes(8 * MOST_VISITED)))[:30],
                b"EXIF\0\0\0\0",
            ),
            ("video/mp4", mp4(), box(b"free", b"")),
        ],
    )
    def test_more_pieces_than_any_encoder_writes_are_refused(
        self, content_type: str, head: bytes, piece: bytes
    ) -> None:
        data = head + piece * (MOST_VISITED + 1)
        with pytest.raises(Malformed, match="too many pieces"):
            outline(content_type, data)

    @pytest.mark.parametrize(
        ("content_type", "head", "piece"),
        [("image/png", png()[:33], chunk(b"tEXt", b"")), ("video/mp4", mp4(), box(b"free", b""))],
    )
    def test_a_small_file_may_have_fewer(self, content_type: str, head: bytes, piece: bytes) -> None:
        """A file of some hundred kilobytes does not cost as much as one of fifty megabytes."""
        with pytest.raises(Malformed, match="too many pieces"):
            outline(content_type, head + piece * 2 * VISITS_OF_ANY)
