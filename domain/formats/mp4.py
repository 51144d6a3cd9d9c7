"""MP4: ISO/IEC 14496-12 and -14. https://mp4ra.org/registered-types/brands

What playing a film takes is listed, each box below its parent, and of its data the samples of pictures and sound. All
else may hold notes of the camera and of programs, places, names, times, and becomes zeros, each box free space of the
same size, so that all offsets hold. A film of which this cannot be told is refused (``NotUnderstood``). What encoders
wrote into a picture or a sound itself stays: nothing is decoded.
"""

import re
import sys
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from domain.formats import icc, samples
from domain.formats.boxes import Box, boxes, child
from domain.formats.outline import MOST_PARTS, Data, Malformed, NotUnderstood, Outline, Part, big, exactly

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
MOST_TRACKS = 10_000
# Pictures and sound. Cameras keep places and movements in tracks of all other kinds, words among them, and how far
# away things are in auxiliary pictures.
PLAYED = {b"vide", b"soun"}
# How samples may be coded. Others may be files in themselves, with notes of their own, such as pictures of JPEG.
PICTURE_CODINGS = {
    b"avc1", b"avc2", b"avc3", b"avc4", b"hvc1", b"hvc2", b"hev1", b"hev2", b"lhv1", b"lhe1", b"vvc1", b"vvi1", b"dvh1",
    b"dvhe", b"dva1", b"dvav", b"dav1", b"av01", b"vp08", b"vp09", b"mp4v", b"s263", b"h263", b"encv",
}  # fmt: skip
SOUND_CODINGS = {
    b"mp4a", b"ac-3", b"ec-3", b"ac-4", b"Opus", b"fLaC", b"alac", b"samr", b"sawb", b"sawp", b"sevc", b"sqcp", b"ssmv",
    b"mha1", b"mha2", b"mhm1", b"mhm2", b"mlpa", b"dtsc", b"dtse", b"dtsh", b"dtsl", b"dtsx", b"ipcm", b"fpcm", b"twos",
    b"sowt", b"lpcm", b"raw ", b"in24", b"in32", b"fl32", b"fl64", b"ulaw", b"alaw", b".mp3", b"enca",
}  # fmt: skip
# What ``mp4v`` holds, by the number of its kind: MPEG-4, AVC, HEVC, MPEG-2 and MPEG-1.
PICTURE_KINDS = {0x20, 0x21, 0x23, *range(0x60, 0x66), 0x6A}
# What samples are grouped for, where it is needed to decode them or to begin in the middle.
GROUPS = {
    b"roll", b"prol", b"rap ", b"sync", b"tele", b"sap ", b"seig", b"tscl", b"tsas", b"stsa", b"alst", b"rash", b"avss",
    b"avll", b"nalm", b"linf", b"oinf", b"trif", b"av1s", b"av1f",
}  # fmt: skip
# Says that a film is to be seen all around: https://github.com/google/spatial-media
SPHERICAL = bytes.fromhex("ffcc8263f8554a938814587a02521fdd")
VIEW = re.compile(rb"<GSpherical:(Spherical|Stitched|ProjectionType|StereoMode)>\s*([a-z-]{1,20})\s*</")
VIEWED = (
    b'<rdf:SphericalVideo xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    b' xmlns:GSpherical="http://ns.google.com/videos/1.0/spherical/">%b'
    b"<GSpherical:StitchingSoftware>-</GSpherical:StitchingSoftware></rdf:SphericalVideo>"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A box that stays. ``head`` bytes of it stand before the boxes in it, if it may hold any.

    ``blank``: stretches of the head that are made zeros. ``stamped``: it tells when it was made. ``row``: it is a table
    of so many bytes an entry, behind which nothing is read.
    """

    inside: "Mapping[bytes, Rule] | None" = None
    head: int = 0
    blank: tuple[tuple[int, int], ...] = ()
    stamped: bool = False
    row: int = 0


WHOLE = Rule()
STAMPED = Rule(stamped=True)
END = sys.maxsize


def _whole(*names: bytes) -> dict[bytes, Rule]:
    return dict.fromkeys(names, WHOLE)


HANDLER = Rule(blank=((12, END),))  # behind the kind of track stands who wrote it
PLACE = Rule(blank=((4, END),))  # of data elsewhere, or of what was: a path on somebody's disk
LINKS = (b"url ", b"urn ", b"alis")
ROWS = {b"stts": 8, b"ctts": 8, b"stsc": 12, b"stco": 4, b"co64": 8, b"stss": 4, b"stps": 4, b"stsh": 8}
TABLES = {name: Rule(row=row) for name, row in ROWS.items()} | _whole(
    b"cslg", b"stsz", b"stz2", b"padb", b"stdp", b"sdtp", b"sbgp", b"sgpd", b"subs", b"saiz", b"saio", b"senc"
)
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

INDEX = TABLES | {b"stsd": Rule({}, 8)}  # what is in it depends on the kind of track
MEDIA_INFO = _whole(b"vmhd", b"smhd") | {
    b"hdlr": HANDLER,
    b"dinf": Rule({b"dref": Rule(dict.fromkeys(LINKS, PLACE), 8)}),
    b"stbl": Rule(INDEX),
}
MEDIA = {b"mdhd": STAMPED, b"hdlr": HANDLER, b"elng": WHOLE, b"minf": Rule(MEDIA_INFO)}
REFERENCES = _whole(b"sync", b"scal", b"sbas")
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


# Up to the kind of the stream: its number, flags and what they announce, each descriptor with its length in front.
DESCRIPTOR = re.compile(
    rb"\x03[\x80-\xff]{0,3}[\0-\x7f]..(?:[\0-\x1f]|[\x20-\x3f]..|[\x80-\x9f]..|[\xa0-\xbf]....)"
    rb"\x04[\x80-\xff]{0,3}[\0-\x7f](.)",
    re.DOTALL,
)
# Where the number of the track stands that such a box is about.
ABOUT_TRACK = {b"trex": 4, b"tfra": 4, b"sidx": 4}


def outline(data: Data) -> Outline:
    """Raises Malformed where boxes do not lie in one another as their sizes say."""
    found = Outline.of(data)
    _require_family(found, data)
    film = _Film(data, found)
    film.learn()
    film.copy_inside(FILE, 0, len(data))
    found.parts = _without(found.parts, film.not_played())
    return found


def _require_family(found: Outline, data: Data) -> None:
    head = next(boxes(found, data, 0, len(data)), None)
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


@dataclass(slots=True)
class _Film:
    """``media``: where samples may lie. ``played``: where those of tracks lie that stay; ``beside`` is what goes with
    them. ``sizes``: the size that samples of a track have in fragments that tell none.
    """

    data: Data
    found: Outline
    handler: bytes = b""
    media: list[samples.Range] = field(default_factory=list)
    played: samples.Ranges = field(init=False)
    beside: list[int] = field(default_factory=list)
    stay: set[int] = field(default_factory=set)
    sizes: dict[int, int] = field(default_factory=dict)
    fragments: set[Box] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.played = samples.Ranges(len(self.data))

    def learn(self) -> None:
        """Which tracks stay, before any box is copied: an index may stand in front of the film that it is about."""
        gone: set[int] = set()
        for moov in self._named(None, b"moov"):
            for trak in self._named(moov, b"trak"):
                stays = self._handler(trak) in PLAYED
                (self.stay if stays else gone).add(self._number(trak))
            extends = child(self.found, self.data, moov, b"mvex")
            for trex in self._named(extends, b"trex") if extends else ():
                self._add_size(big(self.data, trex.body + 4, 4), big(self.data, trex.body + 16, 4))
        self.stay -= gone

    def _add_size(self, track: int, size: int) -> None:
        self.sizes[track] = size
        if len(self.sizes) > MOST_TRACKS:
            raise Malformed("the film has too many tracks")

    def _named(self, parent: Box | None, name: bytes) -> Iterator[Box]:
        start, stop = (parent.body, parent.end) if parent else (0, len(self.data))
        return (box for box in boxes(self.found, self.data, start, stop) if box.name == name)

    def not_played(self) -> list[samples.Range]:
        """The stretches of the film's data that no track names which stays. Raises Malformed when none names any."""
        played = samples.few(_common(self.played.merged(), self.media))
        if not played:
            raise Malformed("nothing in it is played")
        gaps = samples.few(_between(played, self.media))
        if any(_holds(gaps, place) for place in self.beside):
            raise NotUnderstood("what goes with samples lies among them")
        return gaps

    def copy_inside(self, rules: Mapping[bytes, Rule], start: int, stop: int) -> None:
        at = start
        for box in boxes(self.found, self.data, start, stop):
            self._copy(rules.get(box.name), box)
            at = box.end
        self._zero(stop - at)

    def _copy(self, rule: Rule | None, box: Box) -> None:
        if rule is not None and box.name == b"uuid":
            if self._copied_view(box):
                return
            rule = None
        if rule is None or not self._stays(box):
            self._free(box)
        else:
            self._note(box)
            self.found.keep(box.start, box.body)
            self._copy_body(rule, box)

    def _stays(self, box: Box) -> bool:
        """Whether a box that playing takes is about what stays."""
        match box.name:
            case b"trak":
                self.handler = self._handler(box)
                return self.handler in PLAYED
            case b"traf":
                return box in self.fragments
            case b"sgpd" | b"sbgp":
                return exactly(self.data, box.body + 4, 4) in GROUPS
            case b"colr":
                return self._is_colour(box)
        about = ABOUT_TRACK.get(box.name)
        return about is None or big(self.data, box.body + about, 4) in self.stay

    def _note(self, box: Box) -> None:
        """Remember what a box says of where samples lie."""
        match box.name:
            case b"ftyp" | b"styp":
                _brands(self.data, box)
            case b"mdat":
                self._add_media(box)
            case b"stbl":
                self._follow_tables(box)
            case b"moof":
                self._follow_fragments(box)
            case name if name in LINKS and not exactly(self.data, box.body, 4)[3] & 1:
                raise NotUnderstood("samples lie in another file")

    def _add_media(self, box: Box) -> None:
        self.media.append((box.body, box.end))
        if len(self.media) > MOST_PARTS:
            raise Malformed("the data of the film lies in too many boxes")

    def _follow_tables(self, stbl: Box) -> None:
        tables: dict[bytes, Box] = {}
        for box in boxes(self.found, self.data, stbl.body, stbl.end):
            tables.setdefault(box.name, box)
        if self.handler == b"soun" and self._is_counted_otherwise(tables):
            raise NotUnderstood("the size of samples is another one than the table tells")
        for start, stop in samples.of_track(self.found, self.data, tables):
            self.played.add(start, stop)
        if beside := tables.get(b"saio"):
            self.beside += samples.places_beside(self.found, self.data, beside, 0)

    def _is_counted_otherwise(self, tables: Mapping[bytes, Box]) -> bool:
        """QuickTime counts samples of one channel and calls each one byte; players take the size from the coding."""
        sizes, entries = tables.get(b"stsz"), tables.get(b"stsd")
        if sizes is None or entries is None or big(self.data, sizes.body + 4, 4) != 1:
            return False
        name, channels = exactly(self.data, entries.body + 12, 4), big(self.data, entries.body + 32, 2)
        return channels != 1 or (name not in (b"ulaw", b"alaw") and big(self.data, entries.body + 34, 2) != 8)

    def _follow_fragments(self, moof: Box) -> None:
        some_gone = False
        for traf, fragment in samples.of_fragment(self.found, self.data, moof, self.sizes):
            if fragment.track not in self.stay:
                some_gone = True
                continue
            if fragment.follows and some_gone:
                raise NotUnderstood("samples begin where those of a track end that does not stay")
            self.fragments.add(traf)
            for start, stop in fragment.ranges:
                self.played.add(start, stop)
            for beside in self._named(traf, b"saio"):
                self.beside += samples.places_beside(self.found, self.data, beside, fragment.place)

    def _copy_body(self, rule: Rule, box: Box) -> None:
        if box.name == b"stsd":
            self._copy_entries(rule, box)
        elif rule.inside is not None:
            self._copy_parent(rule, box)
        else:
            self._stretch(box.body, box.end, self._blanks(rule, box))

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
        for entry in boxes(self.found, self.data, start, box.end):
            self.found.keep(entry.start, entry.body)
            self._copy_parent(self._entry(entry, version), entry)
            at = entry.end
        self._zero(box.end - at)

    def _entry(self, entry: Box, version: int) -> Rule:
        if self.handler == b"vide":
            if entry.name not in PICTURE_CODINGS or (entry.name == b"mp4v" and not self._is_film(entry)):
                raise NotUnderstood("pictures of an unknown coding")
            return PICTURE_ENTRY
        if entry.name not in SOUND_CODINGS:
            raise NotUnderstood("sound of an unknown coding")
        former = big(self.data, entry.body + 8, 2) if version == 0 else 0  # QuickTime's entries have more fields
        return Rule(SOUND, 28 + {1: 16, 2: 36}.get(former, 0), ((10, 16),))

    def _is_film(self, entry: Box) -> bool:
        """Whether the samples are a film's by the kind that the descriptor of the stream tells: ISO/IEC 14496-1."""
        inner = Box(entry.name, entry.start, entry.body + PICTURE_ENTRY.head, entry.end)
        told = child(self.found, self.data, inner, b"esds")
        found = DESCRIPTOR.match(self.data[told.body + 4 : min(told.end, told.body + LARGEST_HEAD)]) if told else None
        return found is not None and found[1][0] in PICTURE_KINDS

    def _is_colour(self, box: Box) -> bool:
        kind = exactly(self.data, box.body, 4)
        if kind in (b"prof", b"rICC"):
            return box.end - box.body - 4 <= icc.LARGEST and icc.is_profile(self.data[box.body + 4 : box.end])
        return kind in (b"nclx", b"nclc")

    def _blanks(self, rule: Rule, box: Box) -> tuple[tuple[int, int], ...]:
        if rule.stamped:
            return ((4, 20 if exactly(self.data, box.body, 1) == b"\1" else 12),)
        if rule.row:
            return ((8 + rule.row * big(self.data, box.body + 4, 4), END),)
        return rule.blank

    def _handler(self, trak: Box) -> bytes:
        handler = child(self.found, self.data, trak, b"mdia", b"hdlr")
        return exactly(self.data, handler.body + 8, 4) if handler else b""

    def _number(self, trak: Box) -> int:
        """0 for none."""
        head = child(self.found, self.data, trak, b"tkhd")
        if head is None:
            return 0
        return big(self.data, head.body + (20 if exactly(self.data, head.body, 1) == b"\1" else 12), 4)

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


def _without(parts: list[Part], holes: list[samples.Range]) -> list[Part]:
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


def _holds(ranges: list[samples.Range], place: int) -> bool:
    """The list is in order and without overlaps."""
    number = bisect_right(ranges, place, key=lambda span: span[0]) - 1
    return number >= 0 and place < ranges[number][1]


def _between(ranges: list[samples.Range], others: list[samples.Range]) -> Iterator[samples.Range]:
    """What of the others is in none of the ranges, each of which lies in one of them. Both lists are in order."""
    left = deque(ranges)
    for start, stop in others:
        at = start
        while left and left[0][0] < stop:
            first, last = left.popleft()
            if first > at:
                yield at, first
            at = last
        if at < stop:
            yield at, stop


def _common(ranges: Iterable[samples.Range], others: list[samples.Range]) -> Iterator[samples.Range]:
    """Where both are. Each list is in order and without overlaps."""
    first = 0
    for start, stop in ranges:
        while first < len(others) and others[first][1] <= start:
            first += 1
        at = first
        while at < len(others) and others[at][0] < stop:
            yield max(start, others[at][0]), min(stop, others[at][1])
            at += 1
