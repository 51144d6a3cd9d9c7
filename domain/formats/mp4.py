"""MP4: ISO/IEC 14496-12 and -14. https://mp4ra.org/registered-types/brands

What playing a film takes is listed, each box below its parent. All else may hold notes of the camera and of programs,
places, names, times, and becomes free space of the same size, made of zeros, so that all offsets hold.
"""

import re
import sys
from array import array
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.formats.outline import Data, Malformed, Outline, Part, big, exactly

# ISO media and MP4, their profiles for streaming and by broadcasters, phones, and cameras with brands of their own.
FAMILY = re.compile(
    rb"iso[m2-9abc]|mp4[12]|mp71|avc1|hvc1|av01|dash|dsms|msdh|msix|cmf[2cfls]|piff|"
    rb"M4V[ HP]|[Ff]4v |F4V |3g[eghprst2p][0-9a-z]|mmp4|MSNV|XAVC|CAEP|ND[HSX][ACHMPS]"
)
# Pictures, sound and other films. Such files may name the family among what they are compatible with.
OTHERS = re.compile(
    rb"hei[cmsx]|hev[cmsx]|mif[12]|msf1|avi[fos]|MA1[AB]|jpe[gs]|j2[ik][is]|jp[2mx] |mj[2p][2s ]|crx |"
    rb"M4[ABP] |[Ff]4[abp] |F4[ABP] |qt  "
)
LARGEST_HEAD = 4096
LARGEST_XML = 65536
# Pictures, sound and words. Cameras keep places and movements in tracks of other kinds.
PLAYED = {b"vide", b"auxv", b"soun", b"text", b"sbtl", b"subt", b"clcp"}
# Says that a film is to be seen all around: https://github.com/google/spatial-media
SPHERICAL = bytes.fromhex("ffcc8263f8554a938814587a02521fdd")
VIEW = re.compile(rb"<GSpherical:(Spherical|Stitched|ProjectionType|StereoMode)>\s*([a-z-]{1,20})\s*</")
VIEWED = (
    b'<rdf:SphericalVideo xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    b' xmlns:GSpherical="http://ns.google.com/videos/1.0/spherical/">%b'
    b"<GSpherical:StitchingSoftware>-</GSpherical:StitchingSoftware></rdf:SphericalVideo>"
)
PIECE = 16384


@dataclass(frozen=True, slots=True)
class Rule:
    """A box that stays. ``head`` bytes of it stand before the boxes in it, if it may hold any.

    ``blank``: stretches of the head that are made zeros. ``stamped``: it tells when it was made.
    """

    inside: "Mapping[bytes, Rule] | None" = None
    head: int = 0
    blank: tuple[tuple[int, int], ...] = ()
    stamped: bool = False


WHOLE = Rule()
STAMPED = Rule(stamped=True)
END = sys.maxsize


def _whole(*names: bytes) -> dict[bytes, Rule]:
    return dict.fromkeys(names, WHOLE)


HANDLER = Rule(blank=((12, END),))  # behind the kind of track stands who wrote it
PLACE = Rule(blank=((4, END),))  # of data elsewhere: a path on somebody's disk
TABLES = _whole(
    b"stts", b"ctts", b"cslg", b"stsc", b"stsz", b"stz2", b"stco", b"co64", b"stss", b"stps", b"stsh", b"padb", b"stdp",
    b"sdtp", b"sbgp", b"sgpd", b"subs", b"saiz", b"saio",
)  # fmt: skip
PROTECTION = Rule(_whole(b"frma", b"schm") | {b"schi": Rule(_whole(b"tenc"))})
VIEWPOINT = Rule({
    b"svhd": PLACE,
    b"proj": Rule(_whole(b"prhd", b"equi", b"cbmp", b"mshp", b"ytmp")),
})  # fmt: skip
DECODER = _whole(b"esds", b"btrt") | {b"sinf": PROTECTION}
PICTURES = DECODER | {b"sv3d": VIEWPOINT} | _whole(
    b"avcC", b"hvcC", b"lhvC", b"vvcC", b"av1C", b"vpcC", b"dvcC", b"dvvC", b"dvwC", b"hvcE", b"d263", b"bitr",
    b"pasp", b"colr", b"clap", b"fiel", b"gama", b"mdcv", b"clli", b"SmDm", b"CoLL", b"amve", b"st3d", b"hfov",
)  # fmt: skip
SOUND = DECODER | _whole(
    b"dac3", b"dec3", b"dac4", b"damr", b"dOps", b"alac", b"chan", b"chnl", b"srat", b"pcmC", b"mhaC", b"samr", b"frma"
)
SOUND[b"dfLa"] = Rule(blank=((42, END),))  # the first block of FLAC; names and pictures follow it
SOUND[b"wave"] = Rule(dict(SOUND))
# Reserved, and the name of who made the compressor.
PICTURE_ENTRY = Rule(PICTURES, 78, ((8, 24), (42, 74)))
WORDS = {b"tx3g": Rule(_whole(b"ftab"), 38), b"wvtt": Rule(_whole(b"vttC", b"btrt"), 8), b"c608": Rule({}, 8)}

INDEX = TABLES | {b"stsd": Rule({}, 8)}  # what is in it depends on the kind of track
MEDIA_INFO = _whole(b"vmhd", b"smhd", b"nmhd", b"sthd") | {
    b"hdlr": HANDLER,
    b"dinf": Rule({b"dref": Rule(dict.fromkeys((b"url ", b"urn ", b"alis"), PLACE), 8)}),
    b"stbl": Rule(INDEX),
}
MEDIA = {b"mdhd": STAMPED, b"hdlr": HANDLER, b"elng": WHOLE, b"minf": Rule(MEDIA_INFO)}
REFERENCES = _whole(b"hint", b"cdsc", b"font", b"hind", b"vdep", b"vplx", b"subt", b"chap", b"sync", b"auxl", b"forc")
TRACK = {
    b"tkhd": STAMPED,
    b"edts": Rule(_whole(b"elst")),
    b"tref": Rule(REFERENCES),
    b"mdia": Rule(MEDIA),
    b"uuid": WHOLE,  # if it is SPHERICAL
}
FRAGMENT = _whole(
    b"tfhd", b"tfdt", b"trun", b"sdtp", b"sbgp", b"sgpd", b"subs", b"saiz", b"saio", b"senc",
)  # fmt: skip
FILM = {
    b"mvhd": STAMPED,
    b"trak": Rule(TRACK),
    b"mvex": Rule(_whole(b"mehd", b"trex", b"leva")),
}
FILE = _whole(b"ftyp", b"styp", b"mdat", b"sidx", b"ssix", b"pdin") | {
    b"moov": Rule(FILM),
    b"moof": Rule(_whole(b"mfhd") | {b"traf": Rule(FRAGMENT)}),
    b"mfra": Rule(_whole(b"tfra", b"mfro")),
}


class Box(NamedTuple):
    name: bytes
    start: int
    body: int
    end: int


def outline(data: Data) -> Outline:
    """Raises Malformed where boxes do not lie in one another as their sizes say."""
    found = Outline()
    _require_family(found, data)
    film = _Film(data, found)
    film.copy_inside(FILE, 0, len(data))
    if film.gone:
        found.parts = _without(found.parts, list(_common(_merged(film.gone), film.media)))
    return found


def _require_family(found: Outline, data: Data) -> None:
    head = next(_boxes(found, data, 0, len(data)), None)
    if head is None or head.name != b"ftyp" or big(data, 0, 4) == 0:
        raise Malformed("no type of file")
    body = _brands(data, head)
    major, compatible = body[:4], [body[at : at + 4] for at in range(8, len(body) - 3, 4)]
    if OTHERS.fullmatch(major) or not any(FAMILY.fullmatch(brand) for brand in (major, *compatible)):
        raise Malformed("not of the family of MP4")


def _brands(data: Data, box: Box) -> bytes:
    if not 8 <= box.end - box.body <= LARGEST_HEAD:
        raise Malformed("no type of file")
    return exactly(data, box.body, box.end - box.body)


def _boxes(found: Outline, data: Data, at: int, stop: int) -> Iterator[Box]:
    """All that lie between. Fewer than eight bytes may follow the last one: some lists end with a zero."""
    while at + 8 <= stop:
        found.visit()
        size, name, body = big(data, at, 4), exactly(data, at + 4, 4), at + 8
        if size == 1:
            size, body = big(data, body, 8), at + 16
        elif size == 0 and stop == len(data):  # the last one of a file may reach to its end
            size = stop - at
        if size < body - at or at + size > stop:
            raise Malformed("a box is larger than what it lies in")
        yield Box(name, at, body, at + size)
        at += size


def _child(found: Outline, data: Data, parent: Box | None, name: bytes) -> Box | None:
    if parent is None:
        return None
    return next((box for box in _boxes(found, data, parent.body, parent.end) if box.name == name), None)


@dataclass(slots=True)
class _Film:
    """``media``: where samples may lie. ``gone``: where those of tracks lie that do not stay."""

    data: Data
    found: Outline
    handler: bytes = b""
    media: list[tuple[int, int]] = field(default_factory=list)
    gone: list[tuple[int, int]] = field(default_factory=list)
    tracks_gone: set[int] = field(default_factory=set)

    def copy_inside(self, rules: Mapping[bytes, Rule], start: int, stop: int) -> None:
        at = start
        for box in _boxes(self.found, self.data, start, stop):
            self._copy(rules.get(box.name), box)
            at = box.end
        self._zero(stop - at)

    def _copy(self, rule: Rule | None, box: Box) -> None:
        if box.name == b"trak" and rule is not None:
            self.handler = self._handler(box)
            if self.handler not in PLAYED:
                self._forget(box)
                rule = None
        elif box.name == b"traf" and self._track_of(box, b"tfhd") in self.tracks_gone:
            rule = None
        elif box.name in (b"ftyp", b"styp") and rule is not None:
            _brands(self.data, box)
        elif box.name == b"mdat" and rule is not None:
            self.media.append((box.body, box.end))
        elif box.name == b"uuid" and rule is not None:
            if self._copied_view(box):
                return
            rule = None
        if rule is None:
            self._free(box)
        else:
            self.found.keep(box.start, box.body)
            self._copy_body(rule, box)

    def _copy_body(self, rule: Rule, box: Box) -> None:
        if box.name == b"stsd":
            self._copy_entries(rule, box)
        elif rule.inside is not None:
            self._copy_parent(rule, box)
        else:
            self._stretch(box.body, box.end, self._stamps(box) if rule.stamped else rule.blank)

    def _copy_parent(self, rule: Rule, box: Box) -> None:
        start = box.body + rule.head
        if start > box.end:
            raise Malformed("a box ends too early")
        self._stretch(box.body, start, rule.blank)
        self.copy_inside(rule.inside or {}, start, box.end)

    def _copy_entries(self, rule: Rule, box: Box) -> None:
        """How the samples of the track are decoded."""
        start = at = box.body + rule.head
        version = exactly(self.data, box.body, rule.head)[0]
        self.found.keep(box.body, start)
        for entry in _boxes(self.found, self.data, start, box.end):
            inner = self._entry(entry, version)
            if inner is None:
                self._free(entry)
            else:
                self.found.keep(entry.start, entry.body)
                self._copy_parent(inner, entry)
            at = entry.end
        self._zero(box.end - at)

    def _entry(self, entry: Box, version: int) -> Rule | None:
        if self.handler in (b"vide", b"auxv"):
            return PICTURE_ENTRY
        if self.handler != b"soun":
            return WORDS.get(entry.name)
        former = big(self.data, entry.body + 8, 2) if version == 0 else 0  # QuickTime's entries have more fields
        return Rule(SOUND, 28 + {1: 16, 2: 36}.get(former, 0), ((10, 16),))

    def _stamps(self, box: Box) -> tuple[tuple[int, int], ...]:
        return ((4, 20 if exactly(self.data, box.body, 1) == b"\1" else 12),)

    def _handler(self, trak: Box) -> bytes:
        media = _child(self.found, self.data, trak, b"mdia")
        handler = _child(self.found, self.data, media, b"hdlr")
        return exactly(self.data, handler.body + 8, 4) if handler else b""

    def _track_of(self, parent: Box, name: bytes) -> int:
        """The number that the head of a track or of a fragment gives; 0 for none."""
        head = _child(self.found, self.data, parent, name)
        if head is None:
            return 0
        before = 4 if name == b"tfhd" else 20 if exactly(self.data, head.body, 1) == b"\1" else 12
        return big(self.data, head.body + before, 4)

    def _copied_view(self, box: Box) -> bool:
        """Of a film to be seen all around, only how; False for all else."""
        body = self.data[box.body : min(box.end, box.body + LARGEST_XML)]
        if not body.startswith(SPHERICAL):
            return False
        told = b"".join(b"<GSpherical:%b>%b</GSpherical:%b>" % (n, v, n) for n, v in dict(VIEW.findall(body)).items())
        xml, room = VIEWED % told, box.end - box.body - len(SPHERICAL)
        if not told or len(xml) > room:
            return False
        self.found.keep(box.start, box.body + len(SPHERICAL))
        self.found.add(xml.ljust(room))
        return True

    def _forget(self, trak: Box) -> None:
        """Remember where the samples lie of a track that does not stay."""
        self.tracks_gone.add(self._track_of(trak, b"tkhd"))
        parent: Box | None = trak
        for name in (b"mdia", b"minf", b"stbl"):
            parent = _child(self.found, self.data, parent, name)
        if parent is not None:
            tables = {box.name: box for box in _boxes(self.found, self.data, parent.body, parent.end)}
            self.gone += _chunks(self.found, self.data, tables)

    def _free(self, box: Box) -> None:
        if box.name == b"free":
            self.found.keep(box.start, box.body)
        else:
            self.found.keep(box.start, box.start + 4)
            self.found.add(b"free")
            self.found.keep(box.start + 8, box.body)
        self._zero(box.end - box.body)

    def _stretch(self, start: int, stop: int, blanks: tuple[tuple[int, int], ...]) -> None:
        at = start
        for first, last in blanks:
            begin, end = min(start + first, stop), min(start + last, stop)
            self.found.keep(at, begin)
            self._zero(end - begin)
            at = end
        self.found.keep(at, stop)

    def _zero(self, size: int) -> None:
        if size:
            self.found.add(size)


def _chunks(found: Outline, data: Data, tables: Mapping[bytes, Box]) -> Iterator[tuple[int, int]]:
    """Where the samples of a track lie: each chunk begins where a table says, and is as large as its samples."""
    places, width = (tables.get(b"stco"), 4) if b"stco" in tables else (tables.get(b"co64"), 8)
    sizes, runs = tables.get(b"stsz"), tables.get(b"stsc")
    if places is None or sizes is None or runs is None:
        return
    same, samples, sample, run = big(data, sizes.body + 4, 4), big(data, sizes.body + 8, 4), 0, 0
    if not same:
        samples = min(
            samples, (sizes.end - sizes.body - 12) // 4
        )  # so that all tables together are no longer than the file
    last_run = big(data, runs.body + 4, 4) - 1
    for chunk in range(big(data, places.body + 4, 4)):
        found.visit()
        while run < last_run and big(data, runs.body + 8 + 12 * (run + 1), 4) <= chunk + 1:
            found.visit()
            run += 1
        count = min(big(data, runs.body + 12 + 12 * run, 4), samples - sample)
        size = same * count if same else _sum(data, sizes.body + 12 + 4 * sample, count)
        start = big(data, places.body + 8 + width * chunk, width)
        sample += count
        if size:
            yield start, start + size


def _sum(data: Data, start: int, count: int) -> int:
    total = 0
    for at in range(start, start + 4 * count, PIECE):
        numbers = array("I", exactly(data, at, min(PIECE, start + 4 * count - at)))
        if sys.byteorder == "little":
            numbers.byteswap()
        total += sum(numbers)
    return total


def _without(parts: list[Part], holes: list[tuple[int, int]]) -> list[Part]:
    """The parts with zeros in place of the holes, each of which lies in one of them. No part moved in the file."""
    cut, left = Outline(), deque(holes)
    for part in parts:
        if not isinstance(part, slice):
            cut.add(part)
            continue
        at = part.start
        while left and left[0][0] < part.stop:
            start, stop = left.popleft()
            cut.keep(at, start)
            cut.add(stop - start)
            at = stop
        cut.keep(at, part.stop)
    return cut.parts


def _common(ranges: list[tuple[int, int]], others: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Where both are. Each list is in order and without overlaps."""
    first = 0
    for start, stop in ranges:
        while first < len(others) and others[first][1] <= start:
            first += 1
        at = first
        while at < len(others) and others[at][0] < stop:
            yield max(start, others[at][0]), min(stop, others[at][1])
            at += 1


def _merged(gone: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(gone):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged
