"""Texts that people write and others read: nothing in them may hide, or turn around, what is seen, or be markup."""

import re
import unicodedata
from html import unescape

import nh3

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

# Tags go and their text stays, but for what is no text; what stays comes escaped.
TAGS = nh3.Cleaner(tags=set(), clean_content_tags={"script", "style"})
MARKUP = re.compile("<[A-Za-z/!?]")
# How deep a text may be escaped, and how many tags and signs of them it may have: beyond that nobody wrote it as text,
# and to read it would take a time that grows with the square of its length.
ROUNDS = 3
MOST_TAGS, MOST_SIGNS = 1000, 4000


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


def plain(text: str) -> str:
    """Text alone, as a reader sees it: without tags, each entity as the character that it means, and ``visible``.

    What is uncovered may be markup again (``&lt;b&gt;``, a tag that an invisible character broke), so this goes on
    until nothing changes. A text that does not come to that in three rounds loses every ``<`` and ``&``.
    """
    text = visible(text)
    if "<" not in text and "&" not in text:
        return text
    for _ in range(ROUNDS):
        cleaned = _without_tags(text)
        if cleaned == text:
            return _ended(text)
        text = cleaned
    return _ended(text) if _without_tags(text) == text else _without_signs(text)


def _without_tags(text: str) -> str:
    """One round."""
    if text.count("<") + text.count("&") > MOST_SIGNS or len(MARKUP.findall(text)) > MOST_TAGS:
        return _without_signs(text)
    return visible(unescape(TAGS.clean(text)))


def _ended(text: str) -> str:
    """Without the sign of a tag that the text ends in the middle of, which browsers take for text."""
    if MARKUP.search(text) is None:
        return text
    whole = text[:-1].rstrip("<") + text[-1]
    return whole if MARKUP.search(whole) is None else _without_signs(whole)


def _without_signs(text: str) -> str:
    return visible(text.replace("<", "").replace("&", ""))


def upper(text: str) -> str:
    """Upper case, composed again: a letter that has no capital of its own becomes several, such as SS."""
    return unicodedata.normalize("NFC", text.upper())


def something(text: str | None) -> str | None:
    """The text, or None where nothing of it can be seen."""
    seen = (one for one in text or "" if one != BRAILLE_BLANK and unicodedata.category(one) not in UNSEEN)
    return text if any(seen) else None


STEPS = {"visible": visible, "plain": plain, "line": line, "upper": upper}
