"""Photos and pictures: what of each format stays."""

import struct
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from domain.formats import icc
from tests.domain.formats.support import (
    ORIENTATION,
    PLACE,
    clean,
    exif,
    is_taken,
    photo,
    pixels,
    told,
)
from tests.files import chunk, mp4, picture, png, riff

ALL_FRAMES = {"save_all": True}


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
