"""How two texts differ, word by word."""

import re
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

WORDS = re.compile(r"\s+|\w+|[^\w\s]")
LINES = re.compile(r"[^\n]*\n|[^\n]+")
MOST = 3000
"""Pieces of one text that are compared: what it takes grows with their product."""

Change = Literal["SAME", "REMOVED", "ADDED"]


class Part(NamedTuple):
    change: Change
    text: str


def differences(before: str, after: str) -> list[Part]:
    """The whole of both, in order. What differs in too many words is compared by lines, or else as a whole."""
    for split in (WORDS.findall, LINES.findall):
        found = _compared(before, after, split)
        if found is not None:
            return found
    return [part for part in (Part("REMOVED", before), Part("ADDED", after)) if part.text]


def _compared(before: str, after: str, split: Callable[[str], Sequence[str]]) -> list[Part] | None:
    """None for too many pieces."""
    old, new = split(before), split(after)
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    former, latter = old[head : len(old) - tail], new[head : len(new) - tail]
    if max(len(former), len(latter)) > MOST:
        return None
    parts = [Part("SAME", "".join(old[:head])), *_between(former, latter)]
    return [part for part in (*parts, Part("SAME", "".join(old[len(old) - tail :]))) if part.text]


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many pieces they begin with alike."""
    return next((place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))


def _between(old: Sequence[str], new: Sequence[str]) -> Iterator[Part]:
    for act, a1, a2, b1, b2 in SequenceMatcher(None, old, new).get_opcodes():
        if act == "equal":
            yield Part("SAME", "".join(old[a1:a2]))
            continue
        yield Part("REMOVED", "".join(old[a1:a2]))
        yield Part("ADDED", "".join(new[b1:b2]))
