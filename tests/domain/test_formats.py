"""Files by their structure: what is taken for which type, how large a picture is, and what of a file stays.

Pillow is the judge: it decodes what was cleaned, and reads what metadata is left.
"""

import struct
import time
import tracemalloc
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageSequence, PngImagePlugin

from domain.formats import READERS, Malformed, NotUnderstood, copied, icc, outline
from domain.formats.outline import MOST_PARTS, MOST_VISITED, PIECE, VISITS_OF_ANY
from domain.formats.samples import Sizes
from domain.upload import MIME_TYPES, Refused, cleaned
from tests.files import ENTRY, box, chunk, file_of, ftyp, index, moov, mp4, picture, png, riff, stamped, track

ORIENTATION, MAKE, GPS = 0x0112, 0x010F, 0x8825
PLACE = b"52 deg 31 N"
ALL_FRAMES = {"save_all": True}


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


class TestEveryType:
    def test_has_a_reader(self) -> None:
        assert set(READERS) == set(MIME_TYPES)

    @pytest.mark.parametrize("content_type", MIME_TYPES)
    def test_is_taken_for_itself_and_for_no_other(self, content_type: str) -> None:
        taken = {other for other in MIME_TYPES if is_taken(other, file_of(content_type))}
        assert taken == {content_type}

    @pytest.mark.parametrize("content_type", MIME_TYPES)
    def test_cleaning_twice_is_cleaning_once(self, content_type: str) -> None:
        once = clean(content_type, file_of(content_type))
        assert clean(content_type, once) == once

    @pytest.mark.parametrize("content_type", MIME_TYPES)
    def test_a_beginning_is_refused_or_borne_never_a_fault(self, content_type: str) -> None:
        whole = file_of(content_type)
        for size in range(len(whole)):
            is_taken(content_type, whole[:size])
        assert not is_taken(content_type, whole[:4])

    @pytest.mark.parametrize("content_type", MIME_TYPES)
    def test_any_byte_may_be_any_other_without_a_fault(self, content_type: str) -> None:
        whole = bytearray(file_of(content_type))
        for at in range(min(len(whole), 400)):
            for value in (0, 1, 0x7F, 0xFF):
                former, whole[at] = whole[at], value
                is_taken(content_type, bytes(whole))
                whole[at] = former

    @pytest.mark.parametrize("content_type", MIME_TYPES)
    @pytest.mark.parametrize(
        "data", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<!doctype html>", bytes(4096)]
    )
    def test_nothing_and_anything_else_is_refused(self, content_type: str, data: bytes) -> None:
        assert not is_taken(content_type, data)


class TestPhotos:
    @pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_lose_all_but_their_orientation(self, name: str, orientation: int) -> None:
        before = photo(name, exif=exif(orientation))
        assert PLACE in before
        after = clean(f"image/{name.lower()}", before)
        assert PLACE not in after
        assert b"Ada" not in after
        assert pixels(after) == pixels(before)
        assert told(after) == ({ORIENTATION: orientation} if orientation > 1 else {})

    @pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
    def test_keep_the_meaning_of_their_colours(self, name: str) -> None:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        after = clean(f"image/{name.lower()}", photo(name, icc_profile=profile, exif=exif(6)))
        with Image.open(BytesIO(after)) as image:
            assert image.info["icc_profile"] == profile

    @pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize("fault", ["signature", "length", "size"])
    def test_lose_what_only_claims_to_be_a_profile(self, name: str, fault: str) -> None:
        profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
        if fault == "signature":
            profile[36:40] = PLACE[:4]
        elif fault == "length":
            profile += PLACE
        else:
            profile += bytes(icc.LARGEST)
            profile[:4] = len(profile).to_bytes(4, "big")
        before = photo(name, icc_profile=bytes(profile))
        after = clean(f"image/{name.lower()}", before)
        assert len(after) < len(before)
        with Image.open(BytesIO(after)) as image:
            assert "icc_profile" not in image.info
        assert pixels(after) == pixels(photo(name))

    def test_lose_a_profile_of_more_pieces_than_can_be_numbered(self) -> None:
        before = photo("JPEG")
        piece = b"\xff\xe2\x00\x14ICC_PROFILE\0\1\2abcd"
        assert clean("image/jpeg", before[:2] + piece * 300 + before[2:]) == clean("image/jpeg", before)

    def test_keep_a_profile_in_pieces(self) -> None:
        profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()) + bytes(200_000)
        profile[:4] = len(profile).to_bytes(4, "big")
        after = clean("image/jpeg", photo("JPEG", icc_profile=bytes(profile)))
        with Image.open(BytesIO(after)) as image:
            assert image.info["icc_profile"] == profile

    @pytest.mark.parametrize("big_endian", [True, False])
    @pytest.mark.parametrize(
        ("kind", "count", "value", "kept"), [(3, 1, 6, 6), (3, 1, 9, 1), (4, 1, 6, 1), (3, 2, 6, 1)]
    )
    def test_orientation_is_read_in_both_orders_and_only_where_it_is_one(
        self, big_endian: bool, kind: int, count: int, value: int, kept: int
    ) -> None:
        order, mark = (">", b"MM\0*") if big_endian else ("<", b"II*\0")
        tiff = mark + struct.pack(order + "IHHHIHHI", 8, 1, ORIENTATION, kind, count, value, 0, 0)
        after = clean("image/jpeg", photo("JPEG", exif=b"Exif\0\0" + tiff))
        assert told(after).get(ORIENTATION, 1) == kept

    @pytest.mark.parametrize(
        "tiff", [b"", b"II*\0", b"MM\0*\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff", b"XX*\0" * 9]
    )
    def test_broken_exif_goes_without_a_fault(self, tiff: bytes) -> None:
        before = photo("JPEG", exif=b"Exif\0\0" + tiff)
        assert told(clean("image/jpeg", before)) == {}


class TestJpeg:
    def test_comments_and_segments_of_applications_go(self) -> None:
        before = photo("JPEG", comment=PLACE, xmp=b"<x:xmpmeta>" + PLACE)
        extra = b"".join(
            bytes((0xFF, marker)) + struct.pack(">H", len(PLACE) + 2) + PLACE for marker in range(0xE1, 0xF0)
        )
        after = clean("image/jpeg", before[:2] + extra + before[2:])
        assert PLACE not in after
        assert pixels(after) == pixels(before)

    @pytest.mark.parametrize("progressive", [True, False])
    def test_what_follows_the_picture_goes(self, progressive: bool) -> None:
        """Such as the film of a motion photo, or a second picture with a place of its own."""
        before = photo("JPEG", progressive=progressive)
        second = photo("JPEG", exif=exif(1))
        after = clean("image/jpeg", before + second + mp4())
        assert after.endswith(b"\xff\xd9")
        assert PLACE not in after
        assert pixels(after) == pixels(before)

    def test_a_thumbnail_of_jfif_goes(self) -> None:
        before = photo("JPEG")
        thumbnail = b"JFIF\0\1\2\0\0\1\0\1\1\1" + PLACE[:3]
        after = clean("image/jpeg", before[:2] + b"\xff\xe0" + struct.pack(">H", 19) + thumbnail + before[20:])
        assert after[2:20] == b"\xff\xe0\0\x10JFIF\0\1\2\0\0\1\0\1\0\0"
        assert pixels(after) == pixels(before)

    @pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 1}, {"subsampling": 0}])
    def test_every_way_of_coding_is_kept_as_it_is(self, options: dict[str, Any]) -> None:
        before = photo("JPEG", **options)
        assert clean("image/jpeg", before) == before

    def test_colours_of_print_stay(self) -> None:
        file = BytesIO()
        Image.new("CMYK", (8, 8), (10, 20, 30, 40)).save(file, "JPEG")
        assert pixels(clean("image/jpeg", file.getvalue())) == pixels(file.getvalue())

    def test_a_picture_that_is_cut_short_is_ended(self) -> None:
        before = photo("JPEG")
        assert clean("image/jpeg", before[:-2]) == before

    @pytest.mark.parametrize("marker", [0xE0, 0xE1, 0xDB, 0xEE, 0xFE])
    def test_a_beginning_alone_is_no_picture(self, marker: int) -> None:
        assert not is_taken("image/jpeg", b"\xff\xd8\xff" + bytes((marker,)) + b"\0\x10JFIF".ljust(200, b"\0"))

    def test_filling_is_passed_at_once(self) -> None:
        assert is_taken("image/jpeg", photo("JPEG")[:2] + b"\xff" * 1_000_000 + photo("JPEG")[2:])


class TestPng:
    @pytest.mark.parametrize("name", [b"tEXt", b"zTXt", b"iTXt", b"tIME", b"caBX", b"prVt"])
    @pytest.mark.parametrize("behind", [True, False])
    def test_texts_times_and_private_chunks_go(self, name: bytes, behind: bool) -> None:
        whole = png()
        at = len(whole) - 12 if behind else 33
        assert clean("image/png", whole[:at] + chunk(name, PLACE) + whole[at:] + PLACE) == whole

    def test_texts_that_an_encoder_writes_go(self) -> None:
        notes = PngImagePlugin.PngInfo()
        notes.add_text("Location", PLACE.decode())
        notes.add_itxt("XML:com.adobe.xmp", PLACE.decode())
        before = photo("PNG", pnginfo=notes)
        assert PLACE in before
        assert PLACE not in clean("image/png", before)

    def test_animations_stay(self) -> None:
        frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "green", "blue")]
        before = photo("PNG", append_images=frames, **ALL_FRAMES)
        assert b"acTL" in before
        assert pixels(clean("image/png", before)) == pixels(before)

    def test_transparency_and_palettes_stay(self) -> None:
        file = BytesIO()
        Image.radial_gradient("L").convert("P").save(file, "PNG", transparency=3)
        assert clean("image/png", file.getvalue()) == file.getvalue()

    @pytest.mark.parametrize("name", [b"CgBI", b"ABCD"])
    def test_an_unknown_chunk_that_is_needed_is_refused(self, name: bytes) -> None:
        whole = png()
        assert not is_taken("image/png", whole[:33] + chunk(name, b"") + whole[33:])

    def test_signature_and_header_alone_are_no_picture(self) -> None:
        assert not is_taken("image/png", png()[:33] + bytes(60))


class TestGif:
    def test_comments_and_what_applications_left_go(self) -> None:
        frames = [Image.new("P", (5, 5), number) for number in range(3)]
        before = photo("GIF", append_images=frames, loop=3, comment=PLACE, **ALL_FRAMES)
        middle = before.index(b"\x21\xf9")
        block = b"\x21\xff\x0bXMP DataXMP" + bytes((len(PLACE),)) + PLACE + b"\0"
        after = clean("image/gif", before[:middle] + block + before[middle:] + PLACE)
        assert PLACE not in after
        assert b"NETSCAPE2.0" in after
        assert pixels(after) == pixels(before)

    @pytest.mark.parametrize("version", [b"GIF87a", b"GIF89a"])
    def test_both_versions_are_taken(self, version: bytes) -> None:
        whole = version + picture("image/gif")[6:]
        assert clean("image/gif", whole) == whole

    def test_a_forgotten_trailer_is_added(self) -> None:
        whole = picture("image/gif")
        assert clean("image/gif", whole[:-1] + b"\0\0\0") == whole

    def test_a_header_alone_is_no_picture(self) -> None:
        assert not is_taken("image/gif", b"GIF89a".ljust(100, b"\0"))


class TestWebp:
    @pytest.mark.parametrize("options", [{"lossless": True}, {"lossless": False}])
    def test_both_ways_of_coding_are_kept_as_they_are(self, options: dict[str, Any]) -> None:
        before = photo("WEBP", **options)
        assert clean("image/webp", before) == before

    def test_places_go_and_flags_and_sizes_fit(self) -> None:
        before = photo("WEBP", exif=exif(1), xmp=b"<x:xmpmeta>" + PLACE)
        after = clean("image/webp", before + PLACE)
        assert PLACE not in after
        assert after[20] & 0x0C == 0
        assert struct.unpack_from("<I", after, 4)[0] == len(after) - 8
        assert pixels(after) == pixels(before)

    def test_animations_stay(self) -> None:
        frames = [Image.new("RGB", (48, 32), colour) for colour in ("red", "green")]
        before = photo("WEBP", append_images=frames, xmp=PLACE, **ALL_FRAMES)
        after = clean("image/webp", before)
        assert PLACE not in after
        assert len(pixels(after)) == 3
        assert pixels(after) == pixels(before)

    def test_transparency_stays(self) -> None:
        file = BytesIO()
        Image.radial_gradient("L").resize((32, 32)).convert("LA").save(file, "WEBP")
        assert pixels(clean("image/webp", file.getvalue())) == pixels(file.getvalue())

    @pytest.mark.parametrize("form", [b"WAVE", b"AVI ", b"ACON", b"RMID", b"WEBM"])
    def test_other_riff_files_are_refused(self, form: bytes) -> None:
        assert not is_taken("image/webp", riff(form, (b"VP8L", picture("image/webp")[20:])))
        assert not is_taken("image/webp", b"RIFF" + struct.pack("<I", 100) + form + b"fmt " + bytes(90))

    @pytest.mark.parametrize("chunks", [(), ((b"fmt ", bytes(16)),), ((b"VP8X", bytes(10)),), ((b"VP8L", bytes(16)),)])
    def test_one_without_a_picture_is_refused(self, chunks: tuple[tuple[bytes, bytes], ...]) -> None:
        assert not is_taken("image/webp", riff(b"WEBP", *chunks))


NOTES = [
    box(b"udta", box(b"\xa9xyz", PLACE)), box(b"udta", box(b"loci", PLACE)), box(b"meta", PLACE), box(b"loci", PLACE),
    box(b"\xa9xyz", PLACE), box(b"ID32", PLACE), box(b"free", PLACE), box(b"skip", PLACE), box(b"wide", PLACE),
    box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + PLACE), box(b"Oslo", PLACE),
    box(b"uuid", bytes.fromhex("ffcc8263f8554a938814587a02521fdd") + PLACE), box(b"prft", PLACE), box(b"emsg", PLACE),
    struct.pack(">I4sQ", 1, b"meta", 16 + len(PLACE)) + PLACE,
]  # fmt: skip
COMPRESSOR = 42
FILM = b"a film"
AT = len(ftyp()) + 8  # where the data of a film begins
OWN = index(AT, len(FILM))
BOXES = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"udta", b"uuid", b"free", b"meta", b"mdat", b"hdlr")


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


def chunks(starts: list[int], sizes: list[int]) -> bytes:
    """The tables of a track that has one sample in each chunk."""
    runs = box(b"stsc", struct.pack(">5I", 0, 1, 1, 1, 1))
    table = box(b"stsz", struct.pack(f">3I{len(sizes)}I", 0, 0, len(sizes), *sizes))
    return runs + table + box(b"stco", struct.pack(f">2I{len(starts)}I", 0, len(starts), *starts))


def stream(kind: int, flags: int = 0, told: bytes = b"") -> bytes:
    """The descriptor of a stream of that kind."""
    inner = b"\x04\x80\x80\x01" + bytes((kind,))
    return box(b"esds", bytes(4) + b"\x03" + bytes((3 + len(told) + len(inner), 0, 1, flags)) + told + inner)


class TestMp4:
    @pytest.mark.parametrize(
        "brand",
        ["isom", "iso2", "iso4", "iso5", "iso6", "iso9", "isoa", "mp41", "mp42", "mp71", "avc1", "dash", "cmfc", "cmf2",
         "cmff", "M4V ", "M4VH", "M4VP", "MSNV", "XAVC", "CAEP", "NDSC", "NDSH", "NDXC", "mmp4", "f4v ", "3gp4", "3gp5",
         "3g2a", "msdh", "hvc1", "av01"],
    )  # fmt: skip
    def test_brands_of_the_family_are_taken(self, brand: str) -> None:
        assert is_taken("video/mp4", mp4(100, brand.encode()))
        assert is_taken("video/mp4", mp4(100, b"zzzz", b"yyyy", brand.encode()))

    def test_the_head_of_a_camera_is_taken(self) -> None:
        first = box(b"ftyp", b"mp41" + bytes.fromhex("20131018") + b"mp41") + box(b"free", b"")
        data = first + box(b"mdat", FILM) + moov(track(b"vide", ENTRY, index(len(first) + 8, len(FILM))))
        assert clean("video/mp4", data) == data

    @pytest.mark.parametrize("data", [ftyp(), ftyp() + box(b"mdat", FILM), ftyp() + moov(), ftyp() + moov() * 2,
         ftyp() + box(b"mdat", FILM) + moov(track(b"vide", ENTRY)), ftyp() + moov(track(b"vide", ENTRY, OWN)),
         film(tracks=[track(b"meta", b"", OWN)])])  # fmt: skip
    def test_one_of_which_nothing_is_played_is_refused(self, data: bytes) -> None:
        assert not is_taken("video/mp4", data)

    @pytest.mark.parametrize(
        "brands",
        [["heic", "mif1", "heic"], ["mif1", "heic"], ["avif", "mif1", "miaf", "MA1B"], ["M4A ", "M4A ", "mp42", "isom"],
         ["qt  ", "qt  "], ["crx ", "crx ", "isom"], ["heic", "isom"], ["msf1", "hevc", "iso8"], ["zzzz", "yyyy"],
         ["jp2 "], ["\0\0\0\0"]],
    )  # fmt: skip
    @pytest.mark.parametrize("more", range(4))
    def test_other_brands_are_refused_whatever_the_size_of_the_box(self, brands: list[str], more: int) -> None:
        names = [*brands, *["zzzz"] * more]
        assert not is_taken("video/mp4", mp4(200, *(name.encode() for name in names)))

    @pytest.mark.parametrize("size", [0, 1, 7, 8, 12, 2000, 2**32 - 1])
    def test_a_box_of_a_wrong_size_is_refused(self, size: int) -> None:
        assert not is_taken("video/mp4", struct.pack(">I", size) + mp4(100)[4:])

    def test_a_size_in_64_bits_is_read(self) -> None:
        body = b"isom" + bytes(4) + b"isom"
        wide = struct.pack(">I4sQ", 1, b"ftyp", 16 + len(body)) + body
        rest = box(b"mdat", FILM) + moov(track(b"vide", ENTRY, index(len(wide) + 8, len(FILM))))
        assert is_taken("video/mp4", wide + rest)
        assert not is_taken("video/mp4", struct.pack(">I4sQ", 1, b"ftyp", 2**63) + body)

    @pytest.mark.parametrize("path", [(), (b"moov",), (b"moov", b"trak"), (b"moov", b"trak", b"mdia", b"minf"),
         (b"moov", b"trak", b"mdia", b"minf", b"stbl"), (b"moov", b"trak", b"edts"), (b"moof",), (b"moof", b"traf"),
         (b"mfra",)])  # fmt: skip
    @pytest.mark.parametrize("notes", NOTES, ids=range(len(NOTES)))
    def test_notes_become_free_space_of_the_same_size(self, notes: bytes, path: tuple[bytes, ...]) -> None:
        before = film(notes, path)
        after = clean("video/mp4", before)
        assert PLACE not in after
        assert len(after) == len(before)
        assert after.index(b"a film") == before.index(b"a film")
        at, head = before.index(notes), 16 if notes.startswith(bytes(3) + b"\1") else 8
        assert after[at + 4 :][:4] == b"free"
        assert after[at + head : at + len(notes)] == bytes(len(notes) - head)
        assert after[:at] + notes + after[at + len(notes) :] == film(notes, path)
        assert clean("video/mp4", after) == after

    @pytest.mark.parametrize("name", [b"udta", b"meta", b"uuid", b"free", b"skip", b"wide", b"moov", b"\0\0\0\0"])
    def test_the_last_one_may_reach_to_the_end_of_the_file(self, name: bytes) -> None:
        notes = bytes(4) + name + box(b"udta", PLACE)
        after = clean("video/mp4", film() + notes)
        assert PLACE not in after
        assert len(after) == len(film() + notes)
        first = ftyp() + moov(track(b"vide", ENTRY, index(0, len(FILM))))
        first = ftyp() + moov(track(b"vide", ENTRY, index(len(first) + 8, len(FILM))))
        data = first + bytes(4) + b"mdat" + FILM
        assert clean("video/mp4", data + PLACE) == data + bytes(len(PLACE))

    def test_what_follows_the_last_box_is_zero(self) -> None:
        assert clean("video/mp4", film() + b"Oslo 59") == film() + bytes(7)

    @pytest.mark.parametrize("name", [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1", b"dinf", b"udta"])
    @pytest.mark.parametrize("more", [1, 8, 2**16, 2**31])
    def test_a_box_that_reaches_beyond_its_parent_is_refused(self, name: bytes, more: int) -> None:
        whole = film(box(b"udta", PLACE), (b"moov",))
        at = whole.index(name) - 4
        size = int.from_bytes(whole[at : at + 4], "big")
        assert is_taken("video/mp4", whole)
        assert not is_taken("video/mp4", whole[:at] + struct.pack(">I", size + more) + whole[at + 4 :])

    @pytest.mark.parametrize("size", range(1, 8))
    def test_one_that_is_smaller_than_its_head_is_refused(self, size: int) -> None:
        assert not is_taken("video/mp4", mp4() + box(b"moov", struct.pack(">I4s", size, b"udta") + PLACE))
        assert not is_taken("video/mp4", film() + struct.pack(">I4s", size, b"udta") + PLACE)

    def test_depth_hides_nothing(self) -> None:
        inner = box(b"udta", PLACE)
        for name in (b"stbl", b"minf", b"mdia", b"trak", b"moov") * 400:
            inner = box(name, inner)
        after = clean("video/mp4", mp4() + inner)
        assert len(after) == len(mp4() + inner)
        assert PLACE not in after

    def test_what_plays_a_film_stays(self) -> None:
        assert clean("video/mp4", film()) == film()

    @pytest.mark.parametrize("version", [0, 1])
    @pytest.mark.parametrize("name", [b"mvhd", b"tkhd", b"mdhd"])
    def test_when_it_was_made_is_not_told(self, name: bytes, version: int) -> None:
        inner = stamped(name, version, b"\xd9" * (8 << version))
        path = {b"mvhd": (b"moov",), b"tkhd": (b"moov", b"trak"), b"mdhd": (b"moov", b"trak", b"mdia")}[name]
        before = film(inner, path)
        assert clean("video/mp4", before) == film(stamped(name, version, bytes(8 << version)), path)

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (box(b"hdlr", bytes(8) + b"vide" + b"appl" + bytes(8) + PLACE), bytes(12 + len(PLACE))),
            (box(b"dinf", box(b"dref", bytes(8) + box(b"alis", b"\0\0\0\1" + PLACE))), bytes(len(PLACE))),
        ],
    )  # fmt: skip
    def test_who_wrote_it_and_where_is_not_told(self, before: bytes, after: bytes) -> None:
        path = (b"moov", b"trak", b"mdia", b"minf")
        kept = clean("video/mp4", film(before, path))
        assert PLACE not in kept
        assert kept == film(before[: -len(after)] + after, path)

    def test_the_compressor_is_not_named(self) -> None:
        assert b"\x0eGoPro AVC enc" not in clean("video/mp4", film(compressor=b"\x0eGoPro AVC enc"))
        assert clean("video/mp4", film(compressor=b"\x0eGoPro AVC enc")) == film()

    @pytest.mark.parametrize("head", [28, 44, 64])
    def test_how_sound_is_decoded_is_found_in_each_version(self, head: int) -> None:
        version = {28: 0, 44: 1, 64: 2}[head]
        fixed = bytes(8) + struct.pack(">H", version) + bytes(head - 10)
        entry = box(b"mp4a", fixed + box(b"esds", b"decoder") + box(b"udta", PLACE))
        after = clean("video/mp4", film(tracks=[track(b"soun", entry, OWN)]))
        assert b"decoder" in after
        assert PLACE not in after

    @pytest.mark.parametrize(
        "handler", [b"meta", b"camm", b"tmcd", b"text", b"sbtl", b"subt", b"clcp", b"auxv", b"hint", b"\0\0\0\0"]
    )
    @pytest.mark.parametrize("size", ["stsz", "same", "stz2", "none"])
    def test_tracks_of_all_but_pictures_and_sound_go_with_their_samples(self, handler: bytes, size: str) -> None:
        """Whatever their tables look like: what pictures and sound do not take is no part of the film."""
        data = b"picture" + PLACE * 2 + b"picture" + PLACE + b"picture" + PLACE + b"end"
        places = [AT + 7, AT + 14 + 2 * len(PLACE), AT + 21 + 3 * len(PLACE)]
        sizes = {
            "stsz": box(b"stsz", struct.pack(">7I", 0, 0, 4, *[len(PLACE)] * 4)),
            "same": box(b"stsz", struct.pack(">3I", 0, len(PLACE), 4)),
            "stz2": box(b"stz2", struct.pack(">3I4B", 0, 8, 4, *[len(PLACE)] * 4)),
            "none": b"",
        }[size]
        runs = box(b"stsc", bytes(4) + struct.pack(">7I", 2, 1, 2, 1, 2, 1, 1))
        other = track(
            handler, box(b"gpmd", bytes(8)), runs + sizes + box(b"stco", struct.pack(">5I", 0, 3, *places)), 2
        )
        shown = [AT, AT + 7 + 2 * len(PLACE), AT + 14 + 3 * len(PLACE), AT + 21 + 4 * len(PLACE)]
        before = film(tracks=[track(b"vide", ENTRY, chunks(shown, [7, 7, 7, 3])), other], data=data)
        after = clean("video/mp4", before)
        assert PLACE not in after
        assert len(after) == len(before)
        assert after[AT:].startswith(data.replace(PLACE, bytes(len(PLACE))))
        assert after.count(b"trak") == 1
        assert clean("video/mp4", after) == after

    @pytest.mark.parametrize("wide", [False, True])
    @pytest.mark.parametrize(
        ("bits", "sizes"), [(4, [3, 9, 15]), (8, [3, 200, 7]), (16, [3, 300, 7]), (32, [3, 300, 7]), (0, [5, 5, 5])]
    )
    def test_samples_stay_by_tables_of_every_form(self, bits: int, sizes: list[int], wide: bool) -> None:
        """Two in the first chunk, one in the second, and a note before and behind each chunk."""
        first, second = b"\1" * (sizes[0] + sizes[1]), b"\2" * sizes[2]
        data = PLACE + first + PLACE + second + PLACE
        packed = {
            0: box(b"stsz", struct.pack(">3I", 0, sizes[0], 3)),
            4: box(b"stz2", struct.pack(">3I2B", 0, 4, 3, sizes[0] << 4 | sizes[1] & 15, sizes[2] << 4)),
            8: box(b"stz2", struct.pack(">3I3B", 0, 8, 3, *(size & 255 for size in sizes))),
            16: box(b"stz2", struct.pack(">3I3H", 0, 16, 3, *sizes)),
            32: box(b"stsz", struct.pack(">6I", 0, 0, 3, *sizes)),
        }[bits]
        places = [AT + len(PLACE), AT + 2 * len(PLACE) + len(first)]
        offsets = (
            box(b"co64", struct.pack(">2I2Q", 0, 2, *places))
            if wide
            else box(b"stco", struct.pack(">4I", 0, 2, *places))
        )
        runs = box(b"stsc", struct.pack(">8I", 0, 2, 1, 2, 1, 2, 1, 1))
        after = clean("video/mp4", film(tracks=[track(b"vide", ENTRY, runs + packed + offsets)], data=data))
        gap = bytes(len(PLACE))
        assert after[AT : AT + len(data)] == gap + first + gap + second + gap

    @pytest.mark.parametrize(
        ("flags", "told", "offset"),
        [
            (0x20000, b"", "moof"),  # from the beginning of the fragment
            (0, b"", "moof"),  # so does the first one without a word
            (1, struct.pack(">Q", 0), "file"),
        ],
    )
    @pytest.mark.parametrize("sized", ["each", "head", "film"])
    def test_samples_of_fragments_stay_and_nothing_beside_them(
        self, flags: int, told: bytes, offset: str, sized: str
    ) -> None:
        """Two runs of two samples, the second right behind the first; notes of a track of places follow."""
        first = ftyp() + box(
            b"moov",
            stamped(b"mvhd", 0, bytes(8))
            + track(b"vide", ENTRY)
            + track(b"meta", b"", number=2)
            + box(
                b"mvex",
                box(b"trex", struct.pack(">6I", 0, 1, 1, 0, 5, 0)) + box(b"trex", struct.pack(">6I", 0, 2, 1, 0, 9, 0)),
            ),
        )
        if sized == "head":
            flags, told = flags | 0x10, told + struct.pack(">I", 5)

        def made(at: int) -> bytes:
            start = at - (len(first) if offset == "moof" else 0)
            fields = 0x300 if sized == "each" else 0
            entries = struct.pack(">4I", 0, 5, 0, 5) if fields else b""
            runs = box(b"trun", struct.pack(">3I", 1 | fields, 2, start) + entries)
            runs += box(b"trun", struct.pack(">2I", fields, 2) + entries)
            places = box(b"trun", struct.pack(">3I", 0x201, 1, start + 20) + struct.pack(">I", len(PLACE)))
            return box(
                b"moof", box(b"mfhd", bytes(8)) + fragment(1, runs, flags, told) + fragment(2, places, flags, told)
            )

        at = len(first + made(len(first))) + 8
        pictures = b"P" * 20
        before = (
            first
            + made(at)
            + box(b"mdat", pictures + PLACE + b"Oslo")
            + box(b"mfra", box(b"tfra", struct.pack(">4I", 0, 2, 0, 0)))
        )
        after = clean("video/mp4", before)
        assert after[at:].startswith(pictures + bytes(len(PLACE) + 4))
        assert len(after) == len(before)
        assert (after.count(b"traf"), after.count(b"trex"), after.count(b"tfra")) == (1, 1, 0)
        assert clean("video/mp4", after) == after

    def test_samples_that_begin_where_those_of_a_track_end_that_goes_are_refused(self) -> None:
        """Without it they would be looked for elsewhere."""
        tracks = [track(b"meta", b"", number=2), track(b"vide", ENTRY, OWN)]
        run = box(b"trun", struct.pack(">3I", 0x200, 1, 5))
        followed, told = fragment(1, run), fragment(1, run, 0x20000)
        with pytest.raises(NotUnderstood):
            clean("video/mp4", film(tracks=tracks) + box(b"moof", fragment(2, run) + followed))
        assert is_taken("video/mp4", film(tracks=tracks) + box(b"moof", fragment(2, run) + told))
        assert is_taken("video/mp4", film(tracks=tracks) + box(b"moof", followed + fragment(2, run)))

    def test_an_index_of_a_track_that_goes_goes_too(self) -> None:
        """It may stand in front of the film that it is about."""
        ours, others = (box(b"sidx", struct.pack(">3I", 0, number, 1000) + bytes(12)) for number in (1, 2))
        tracks = [track(b"vide", ENTRY, OWN), track(b"meta", b"", number=2)]
        after = clean("video/mp4", film(tracks=tracks) + ours + others)
        assert after.endswith(ours + box(b"free", bytes(len(others) - 8)))

    @pytest.mark.parametrize("where", ["before", "behind", "both"])
    def test_what_lies_between_samples_goes(self, where: str) -> None:
        before = film(data=PLACE + FILM + PLACE, tracks=[track(b"vide", ENTRY, index(AT + len(PLACE), len(FILM)))])
        after = clean("video/mp4", before + box(b"mdat", PLACE))
        assert PLACE not in after
        assert after[AT + len(PLACE) :].startswith(FILM + bytes(len(PLACE)))
        assert after.endswith(box(b"mdat", bytes(len(PLACE))))

    @pytest.mark.parametrize("group", [b"ripl", b"GPS ", b"msrc"])
    @pytest.mark.parametrize("path", [(b"moov", b"trak", b"mdia", b"minf", b"stbl"), (b"moof", b"traf")])
    @pytest.mark.parametrize("name", [b"sgpd", b"sbgp"])
    def test_groups_that_decoding_does_not_need_go(self, group: bytes, path: tuple[bytes, ...], name: bytes) -> None:
        needed = box(name, bytes(4) + b"roll" + bytes(8))
        note = box(name, bytes(4) + group + PLACE)
        freed = box(b"free", bytes(len(note) - 8))
        assert clean("video/mp4", film(needed + note, path)) == film(needed + freed, path)

    @pytest.mark.parametrize(("name", "row"), [(b"stts", 8), (b"stss", 4), (b"stsh", 8), (b"stsc", 12), (b"stco", 4)])
    def test_what_a_table_holds_behind_its_entries_goes(self, name: bytes, row: int) -> None:
        table = box(name, struct.pack(">2I", 0, 2) + bytes(range(1, 2 * row + 1)))
        slack = box(name, table[8:] + PLACE)
        path = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
        assert clean("video/mp4", film(slack, path)) == film(box(name, table[8:] + bytes(len(PLACE))), path)

    @pytest.mark.parametrize("kind", [b"prof", b"rICC", b"GPS ", b"nclx"])
    def test_only_colours_stand_for_colours(self, kind: bytes) -> None:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        for body in (profile, PLACE):
            entry = box(b"avc1", bytes(78) + box(b"colr", kind + body))
            after = clean("video/mp4", film(tracks=[track(b"vide", entry, OWN)]))
            assert (b"colr" in after) == (kind == b"nclx" or (kind in (b"prof", b"rICC") and body == profile))

    @pytest.mark.parametrize(
        ("handler", "entry"),
        [
            (b"vide", box(b"jpeg", bytes(78))),
            (b"vide", box(b"mp4v", bytes(78))),
            (b"vide", box(b"mp4v", bytes(78) + stream(0x6C))),
            (b"vide", box(b"mp4v", bytes(78) + stream(0x6C, 0xA0, bytes(4)))),
            (b"vide", box(b"gpmd", bytes(78))),
            (b"soun", box(b"gpmd", bytes(28))),
        ],
    )
    def test_samples_of_an_unknown_coding_are_refused(self, handler: bytes, entry: bytes) -> None:
        """Each may be a file in itself, such as a picture with a place of its own."""
        with pytest.raises(Refused, match="cannot_be_cleaned"):
            cleaned("video/mp4", film(tracks=[track(handler, entry, OWN)]), 1)

    @pytest.mark.parametrize(
        "descriptor", [(0x20,), (0x61, 0x80, b"\0\1"), (0x20, 0x20, b"\0\1"), (0x20, 0xA0, bytes(4))]
    )
    def test_films_of_mpeg_4_and_2_are_taken(self, descriptor: tuple[Any, ...]) -> None:
        whole = film(tracks=[track(b"vide", box(b"mp4v", bytes(78) + stream(*descriptor)), OWN)])
        assert clean("video/mp4", whole) == whole

    @pytest.mark.parametrize("name", [b"url ", b"urn ", b"alis"])
    def test_samples_in_another_file_are_refused(self, name: bytes) -> None:
        path = (b"moov", b"trak", b"mdia", b"minf")
        with pytest.raises(NotUnderstood):
            clean("video/mp4", film(box(b"dinf", box(b"dref", bytes(8) + box(name, bytes(4) + PLACE))), path))

    @pytest.mark.parametrize("tables", [index(AT, 6)[28:], index(AT, 6)[:28] + index(AT, 6)[52:],
        box(b"stsc", bytes(8)) + index(AT, 6)[28:]])  # fmt: skip
    def test_samples_without_a_table_of_chunks_or_sizes_are_refused(self, tables: bytes) -> None:
        with pytest.raises(NotUnderstood):
            clean("video/mp4", film(tracks=[track(b"vide", ENTRY, tables)]))

    def test_samples_of_a_fragment_without_any_size_are_refused(self) -> None:
        with pytest.raises(NotUnderstood):
            clean("video/mp4", film() + box(b"moof", fragment(1, box(b"trun", struct.pack(">2I", 0, 1)))))

    @pytest.mark.parametrize(
        ("name", "channels", "bits", "taken"),
        [(b"sowt", 2, 16, False), (b"mp4a", 1, 16, False), (b"ulaw", 1, 16, True), (b"raw ", 1, 8, True)],
    )
    def test_sound_that_is_counted_otherwise_is_refused(
        self, name: bytes, channels: int, bits: int, taken: bool
    ) -> None:
        entry = box(name, bytes(16) + struct.pack(">HH", channels, bits) + bytes(8))
        tables = index(AT, 6).replace(
            box(b"stsz", struct.pack(">4I", 0, 0, 1, 6)), box(b"stsz", struct.pack(">3I", 0, 1, 6))
        )
        assert is_taken("video/mp4", film(tracks=[track(b"soun", entry, tables)])) == taken

    @pytest.mark.parametrize(("lies", "taken"), [(AT, True), (AT + 6, False), (0, True)])
    def test_what_goes_with_samples_may_not_lie_where_nothing_is_played(self, lies: int, taken: bool) -> None:
        tables = OWN + box(b"saio", struct.pack(">3I", 0, 1, lies))
        whole = film(tracks=[track(b"vide", ENTRY, tables)], data=FILM + PLACE)
        assert is_taken("video/mp4", whole) == taken

    def test_samples_that_lie_elsewhere_take_nothing_else_along(self) -> None:
        whole = film(tracks=[track(b"vide", ENTRY, OWN), track(b"soun", box(b"mp4a", bytes(28)), index(0, 10**6), 2)])
        assert clean("video/mp4", whole) == whole
        note = whole + box(b"udta", PLACE)
        assert PLACE not in clean("video/mp4", note)

    def test_a_film_to_be_seen_all_around_stays_one(self) -> None:
        told = (
            b"<GSpherical:Spherical>true</GSpherical:Spherical>"
            b"<GSpherical:ProjectionType>equirectangular</GSpherical:ProjectionType>"
        )
        xml = (
            b"<rdf>" + told + b"<GSpherical:StitchingSoftware>" + PLACE * 20 + b"</GSpherical:StitchingSoftware></rdf>"
        )
        view = box(b"uuid", bytes.fromhex("ffcc8263f8554a938814587a02521fdd") + xml)
        before = film(view, (b"moov", b"trak"))
        after = clean("video/mp4", before)
        assert told in after
        assert PLACE not in after
        assert len(after) == len(before)
        assert clean("video/mp4", after) == after

    @given(st.data())
    @settings(max_examples=400, deadline=None)
    def test_whatever_is_changed_keeps_its_size_and_is_clean(self, data: st.DataObject) -> None:
        """What is cleaned once stays as it is: nothing was left that another look would find."""
        whole = bytearray(film(box(b"udta", PLACE), (b"moov", b"trak")))
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(32, len(whole) - 1))
            new = data.draw(st.sampled_from([*BOXES, *(struct.pack(">I", size) for size in (0, 1, 7, 8, 16, 2**31))]))
            whole[at : at + 4] = new
        try:
            after = clean("video/mp4", bytes(whole))
        except Malformed:
            return
        assert len(after) == len(whole)
        assert clean("video/mp4", after) == after


class TestPdf:
    @pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\n", b"x" * 1024])
    def test_a_header_within_the_first_kibibyte_is_enough(self, before: bytes) -> None:
        whole = before + file_of("application/pdf")
        assert clean("application/pdf", whole) == whole

    @pytest.mark.parametrize("data", [b"x" * 1025 + b"%PDF-1.7", b"%PDF", b"%PDF-x.y", b"%!PS-Adobe-3.0"])
    def test_none_or_a_late_one_is_not(self, data: bytes) -> None:
        assert not is_taken("application/pdf", data)


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

    @pytest.mark.parametrize("pattern", REPEATED)
    def test_grows_with_the_size_alone(self, pattern: str) -> None:
        """A quarter of a MiB takes a tenth of a second at most; by the square law it would take minutes."""
        piece = bytes.fromhex(pattern)
        for content_type, head in self.BEGINNINGS:
            data = head + piece * (2**18 // len(piece)) + b"\0\xff\xd9"
            began = time.process_time()
            is_taken(content_type, data)
            assert time.process_time() - began < 1, content_type

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
        began = time.process_time()
        assert not is_taken("video/mp4", data)
        assert time.process_time() - began < 5

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
