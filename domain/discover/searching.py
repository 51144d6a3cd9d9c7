"""What a query looks for, and where a walk through what it finds goes on."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from domain.answers.cursors import Walk
from domain.discover.entries import LONGEST_MISSPELT, SHORTEST_MISSPELT, TIERS, forms_sought, trigrams
from domain.discover.folding import is_spaceless, letters, spellings
from domain.errors import ApiError

MOST_FOUND = 500
MOST_WORDS = 12
MOST_PARTS = 12
MOST_COMPARED = 300
MOST_MISSPELT = 3  # words of a query that are looked for as if one letter were wrong
MOST_NAMES = 8  # words of a name that are compared

STAGES = 2 * len(TIERS)
"""First whole words, tier by tier; then parts of words, tier by tier."""

BEFORE_ALL = (2**31 - 1, UUID(int=2**128 - 1))
USERNAME = re.compile(r"@?([A-Za-z0-9._-]{1,100})")

Named = TypeVar("Named")


class Place(NamedTuple):
    """Where a walk has come to: the row that was shown last. ``shown`` counts the rows before and with it."""

    stage: int
    shown: int
    rank: int
    creator_id: UUID

    @property
    def keys(self) -> tuple[int, int, UUID]:
        return self.shown * STAGES + self.stage, self.rank, self.creator_id


BEGINNING = Place(0, 0, *BEFORE_ALL)


def place_of(walk: Walk) -> Place:
    """Raises ApiError for a cursor that no search has made."""
    keys = walk.after(int, int, UUID)
    if keys is None:
        return BEGINNING
    shown, stage = divmod(keys[0], STAGES)
    if not 0 < shown < MOST_FOUND or not 0 <= keys[1] <= BEFORE_ALL[0]:
        raise ApiError(walk.error)
    return Place(stage, shown, *keys[1:])


@dataclass(frozen=True, slots=True)
class Sought:
    """A query as it is asked of the search. ``words`` with their spellings; ``username`` is empty where it is none."""

    words: tuple[tuple[str, ...], ...]
    folded: str
    username: str

    def whole(self, tier: int) -> str:
        """All words in any of their spellings, as a ``tsquery`` is written. Of the last one the beginning is enough."""
        last = len(self.words) - 1
        return " & ".join(
            f"({' | '.join(_lexeme(tier, word, beginning=at == last) for word in ways)})"
            for at, ways in enumerate(self.words)
        )

    def parts(self, tier: int) -> list[str]:
        """What a name has in which the query is somewhere; nothing where that is too short to be looked for, or begins
        with an initial: what ends with that letter and goes on so is not meant."""
        words = self.folded.split(" ")
        if len(words) > 1 and len(words[0]) == 1 and not is_spaceless(words[0]):
            return []
        found = dict.fromkeys(trigrams(words))
        return [f"{tier}{part}" for part in list(found)[:MOST_PARTS]]

    def near(self, word: str, tier: int) -> list[str]:
        """What names have of which this word may be a misspelling."""
        return list(dict.fromkeys(f"{tier}{form}" for form in forms_sought(word)))

    def misspelt(self) -> list[str]:
        """The words that may be names with a letter wrong."""
        words = (word for word in self.folded.split(" ") if SHORTEST_MISSPELT <= len(word) <= LONGEST_MISSPELT)
        return list(words)[:MOST_MISSPELT]


def sought(query: str) -> Sought:
    named = USERNAME.fullmatch(query)
    return Sought(tuple(spellings(query)[:MOST_WORDS]), letters(query), named[1].lower() if named else "")


def _lexeme(tier: int, word: str, *, beginning: bool) -> str:
    return f"'{tier}{word}'{':*' if beginning else ''}"


def closest(words: Sequence[str], found: Iterable[Named], name_of: Any, most: int) -> list[Named]:
    """Those whose names have each of the words, but for a letter or two: the closest first, else as they came."""
    judged = []
    for at, each in enumerate(found):
        names = name_of(each).split(" ")[:MOST_NAMES]
        distances = [min(distance(word, name) for name in names) for word in words]
        if all(apart <= allowed(word) for apart, word in zip(distances, words, strict=True)):
            judged.append((sum(distances), at, each))
    return [each for *_, each in sorted(judged, key=lambda one: one[:2])[:most]]


def allowed(word: str) -> int:
    return 1 if len(word) < 8 else 2


def distance(one: str, other: str) -> int:
    """How many letters are wrong, left out, added or swapped with their neighbour; 3 for more than two."""
    if abs(len(one) - len(other)) > 2:
        return 3
    one, other = _unlike(one, other)
    if not one or not other:
        return min(len(one) + len(other), 3)
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, row, last = row, [i], before
        for j, against in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > 2:
            return 3
    return min(row[-1], 3)


def _unlike(one: str, other: str) -> tuple[str, str]:
    """Without what both begin and end with."""
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    one, other = one[start:], other[start:]
    end = 0
    while end < min(len(one), len(other)) and one[-1 - end] == other[-1 - end]:
        end += 1
    return one[: len(one) - end], other[: len(other) - end]
