"""Texts that people write and others read: nothing in them may hide, or turn around, what is seen."""

import re
import unicodedata

# Marks, formats, controls and blanks; the braille pattern of no dots is drawn as a blank, too.
UNSEEN = frozenset({"Mn", "Me", "Cf", "Cc", "Zs", "Zl", "Zp"})
BRAILLE_BLANK = "\u2800"
LINE_ENDS = re.compile("\r\n|[\r\x85\u2028\u2029]")
# Controls, lone surrogates, soft hyphens, fillers, directional marks, overrides and isolates, zero-width spaces,
# invisible operators, interlinear marks and tags. Tab and line feed stay; joiners, which several scripts need, are
# looked at below. The flags of England, Scotland and Wales are a black flag and the tags of their region (UTS 51,
# annex C), which are kept there.
INVISIBLE = re.compile(
    "(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f)|"
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
BESIDE_JOINER = "[^\x00-\x7f\\s\u200c\u200d]"
STRAY_JOINER = re.compile(f"(?<!{BESIDE_JOINER})[\u200c\u200d]|[\u200c\u200d](?!{BESIDE_JOINER})")


def visible(text: str) -> str:
    """Without invisible characters; every kind of line end becomes a line feed.

    A joiner stays between two characters beyond ASCII, where it shapes Persian, Indic scripts and emoji.
    """
    if text.isascii() and text.isprintable():
        return text
    return STRAY_JOINER.sub("", INVISIBLE.sub(r"\1", LINE_ENDS.sub("\n", text)))


def line(text: str) -> str:
    """In one line: every run of white space becomes one space, none is left at the ends."""
    return " ".join(text.split())


def something(text: str | None) -> str | None:
    """The text, or None where nothing of it can be seen."""
    seen = (one for one in text or "" if one != BRAILLE_BLANK and unicodedata.category(one) not in UNSEEN)
    return text if any(seen) else None


STEPS = {"visible": visible, "line": line}
