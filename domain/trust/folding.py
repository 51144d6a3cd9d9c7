"""One form for texts that read alike: compatibility forms, case, accents, invisible characters and look-alikes.

Terms and texts are folded by the same function, so it matters only that what reads alike becomes the same.
"""

import unicodedata
from functools import lru_cache
from typing import NamedTuple

from domain.users.usernames import ALIKE

MOST = 10_000
"""Characters of a text that are folded; nothing that people write for others is longer."""

SIGNS = ALIKE[2]
# Letters of other scripts, and signs, that are drawn like a Latin letter.
_CYRILLIC = {
    0x430: "a", 0x432: "b", 0x433: "r", 0x435: "e", 0x437: "e", 0x43A: "k", 0x43C: "m", 0x43D: "h", 0x43E: "o",
    0x440: "p", 0x441: "c", 0x442: "t", 0x443: "y", 0x445: "x", 0x455: "s", 0x456: "l", 0x458: "j", 0x475: "v",
    0x4BB: "h", 0x501: "d", 0x51B: "q", 0x51D: "w",
}  # fmt: skip
_GREEK = {
    0x3B1: "a", 0x3B2: "b", 0x3B5: "e", 0x3B7: "n", 0x3B9: "l", 0x3BA: "k", 0x3BC: "m", 0x3BD: "v", 0x3BF: "o",
    0x3C1: "p", 0x3C4: "t", 0x3C5: "u", 0x3C7: "x", 0x3C9: "w",
}  # fmt: skip
_STROKED = {0x111: "d", 0x127: "h", 0x131: "l", 0x142: "l", 0xF8: "o", 0x167: "t"}
_SIGNS = {ord("@"): "a", ord("$"): "s", ord("3"): "e", ord("4"): "a", ord("7"): "t", ord("8"): "b"}
_NAMES = {ord(drawn): read for drawn, read in zip(*ALIKE[:2], strict=True)}
READ_AS = {**_CYRILLIC, **_GREEK, **_STROKED, **_SIGNS, **_NAMES}
# Marks that change no letter for who reads on: accents, points of Arabic and Hebrew, forms of the same character.
# Vowels of Indic scripts are marks, too, and stay.
MARKS = (
    (0x300, 0x36F), (0x591, 0x5C7), (0x610, 0x61A), (0x640, 0x640), (0x64B, 0x65F), (0x670, 0x670), (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F), (0xFE20, 0xFE2F),
)  # fmt: skip
# Scripts that put no spaces between words.
SPACELESS = (
    (0xE00, 0xEFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0xA4CF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF),
)  # fmt: skip


class Folded(NamedTuple):
    """``at``: of each character, the place of the one in the original that it comes of."""

    text: str
    at: tuple[int, ...]


def fold(text: str) -> Folded:
    """Of a longer text its first ``MOST`` characters."""
    letters: list[str] = []
    at: list[int] = []
    for place, character in enumerate(text[:MOST]):
        found = _letters(character)
        letters.append(found)
        at.extend([place] * len(found))
    return Folded("".join(letters), tuple(at))


def without_signs(folded: Folded) -> Folded:
    """As usernames are read in passing."""
    kept = [(letter, place) for letter, place in zip(*folded, strict=True) if letter not in SIGNS]
    return Folded("".join(letter for letter, _ in kept), tuple(place for _, place in kept))


@lru_cache(maxsize=8192)
def _letters(character: str) -> str:
    if unicodedata.category(character) in ("Cf", "Cc", "Zs", "Zl", "Zp"):
        return "" if unicodedata.category(character) == "Cf" else " "
    plain = unicodedata.normalize("NFKC", character).casefold()
    bare = (part for part in unicodedata.normalize("NFD", plain) if not _within(part, MARKS))
    return unicodedata.normalize("NFC", "".join(bare)).translate(READ_AS)


def _within(character: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    code = ord(character)
    return any(first <= code <= last for first, last in ranges)


def is_edge(text: str, place: int) -> bool:
    """Whether a word may begin or end there."""
    if place in (0, len(text)):
        return True
    before, after = text[place - 1], text[place]
    return not (_joins(before) and _joins(after)) or is_spaceless(before) or is_spaceless(after)


def _joins(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character).startswith("M")


def is_spaceless(character: str) -> bool:
    return _within(character, SPACELESS)
