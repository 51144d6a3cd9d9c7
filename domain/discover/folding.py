"""One spelling for the names that people search by, and the words of a text: the same for rows and for queries.

No function of the database: what those do follows from how a cluster was set up. It is for finding alone; who is paid
is told by a username, which is ASCII.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

ROUNDS = 4
"""After so many a text no longer changes; two are enough for all that was seen."""

# Their accents are marks beside a letter. Those of Indic and Thai letters are vowels, those of Kana other consonants.
ACCENTED = ("LATIN ", "GREEK ", "CYRILLIC ", "HEBREW ", "ARABIC ")
DECOMPOSED = {"\N{ARABIC TATWEEL}": "", "\N{DEVANAGARI SIGN NUKTA}": ""}
# One sound, written in two ways: by stroke and point, in the Arabic of another country, or with the other Kana.
LETTERS = {
    "ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ħ": "h", "ŧ": "t", "ŋ": "n",  # noqa: RUF001
    "ə": "e", "ĸ": "k",
    "ة": "ه", "ہ": "ه", "ھ": "ه", "ۀ": "ه", "ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك", "ٱ": "ا",  # noqa: RUF001
    "\N{DEVANAGARI SIGN CANDRABINDU}": "\N{DEVANAGARI SIGN ANUSVARA}",
}  # fmt: skip
KATAKANA = {code: code - 0x60 for code in (*range(0x30A1, 0x30F7), 0x30FD, 0x30FE)}
READ_AS = str.maketrans(LETTERS) | KATAKANA
# How a German or a Dane writes the letter without its marks; a Turk, Finn or Swede leaves them out.
SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})

# Scripts that put no space between words, which are cut into pairs of characters.
SPACELESS = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1100, 0x11FF), (0x1780, 0x17FF), (0x2E80, 0x2FDF), (0x3005, 0x3007),
    (0x3040, 0x30FF), (0x3130, 0x318F), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA960, 0xA97F),
    (0xAC00, 0xD7FF), (0xF900, 0xFAFF), (0x1AFF0, 0x1B16F), (0x20000, 0x3FFFF),
)  # fmt: skip
LONGEST_WORD = 48


def fold(text: str) -> str:
    """Without case, accents and forms of one character. Folding it again changes nothing."""
    for _ in range(ROUNDS):
        folded = _folded(text)
        if folded == text:
            break
        text = folded
    return text


def words(text: str) -> list[str]:
    """The words of a text, folded and in their order: runs of letters and digits, pairs of what has no spaces."""
    return [word for run in _runs(fold(text)) for word in _cut(run)]


def spellings(text: str) -> list[tuple[str, ...]]:
    """The words of a text, each with the ways of writing it: ``Müller`` is ``muller``, and ``mueller``, too."""
    plain = words(text)
    composed = unicodedata.normalize("NFKC", text).lower()
    spelt_out = words(composed.translate(SPELT_OUT))
    if len(spelt_out) != len(plain):
        return [(word,) for word in plain]
    return [tuple(dict.fromkeys(pair)) for pair in zip(plain, spelt_out, strict=True)]


def letters(text: str) -> str:
    """The text as parts of words are looked for in it: folded, with one space in place of all that is no letter."""
    return " ".join(_runs(fold(text)))


def is_spaceless(character: str) -> bool:
    code = ord(character)
    return code >= SPACELESS[0][0] and any(first <= code <= last for first, last in SPACELESS)


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text)).casefold()
    kept = "".join(_without_accents(unicodedata.normalize("NFKD", plain)))
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", kept).translate(READ_AS))


def _without_accents(text: str) -> Iterator[str]:
    accented = False
    for character in text:
        kind = _kind(character)
        if kind == "mark" and accented:
            continue
        if kind != "mark":
            accented = kind == "accented"
        yield DECOMPOSED.get(character, _digit(character)) if kind != "hidden" else ""


@lru_cache(maxsize=8192)
def _kind(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf":
        return "hidden"
    if category in ("Mn", "Me"):
        return "mark"
    return "accented" if unicodedata.name(character, "").startswith(ACCENTED) else "other"


@lru_cache(maxsize=8192)
def _digit(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)


def _runs(folded: str) -> Iterator[str]:
    """Longest parts of letters, marks and digits, either all with spaces between words or all without."""
    start, kind = 0, ""
    for at, character in enumerate(folded):
        found = _run_of(character)
        if found == "mark":
            found = kind  # it belongs to what it stands on
        if found != kind:
            if kind:
                yield folded[start:at]
            start, kind = at, found
    if kind:
        yield folded[start:]


@lru_cache(maxsize=8192)
def _run_of(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] == "M":
        return "mark"
    if not (category[0] == "L" or category[0] == "N"):
        return ""
    return "spaceless" if is_spaceless(character) else "spaced"


def _cut(run: str) -> Iterator[str]:
    if not is_spaceless(run[0]):
        yield run[:LONGEST_WORD]
        return
    whole = _characters(run)
    if len(whole) == 1:
        yield whole[0][:LONGEST_WORD]
    for first, second in pairwise(whole):
        yield (first + second)[:LONGEST_WORD]


def _characters(run: str) -> list[str]:
    """Each with the marks on it, which are vowels and tones."""
    found: list[str] = []
    for character in run:
        if found and _run_of(character) == "mark":
            found[-1] += character
        else:
            found.append(character)
    return found
