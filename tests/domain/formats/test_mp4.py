"""Films: what is played stays, all else is zeros."""

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageCms

from domain.formats import Malformed, NotUnderstood
from domain.upload import Refused, cleaned
from tests.domain.formats.support import (
    AT,
    FILM,
    OWN,
    PLACE,
    clean,
    film,
    fragment,
    is_taken,
)
from tests.files import ENTRY, box, ftyp, index, moov, mp4, stamped, track

NOTES = [
    box(b"udta", box(b"\xa9xyz", PLACE)), box(b"udta", box(b"loci", PLACE)), box(b"meta", PLACE), box(b"loci", PLACE),
    box(b"\xa9xyz", PLACE), box(b"ID32", PLACE), box(b"free", PLACE), box(b"skip", PLACE), box(b"wide", PLACE),
    box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + PLACE), box(b"Oslo", PLACE),
    box(b"uuid", bytes.fromhex("ffcc8263f8554a938814587a02521fdd") + PLACE), box(b"prft", PLACE), box(b"emsg", PLACE),
    struct.pack(">I4sQ", 1, b"meta", 16 + len(PLACE)) + PLACE,
]  # fmt: skip
BOXES = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"udta", b"uuid", b"free", b"meta", b"mdat", b"hdlr")


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
