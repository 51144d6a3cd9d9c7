"""How a creator stands in the search: the words, parts of words and facets that lead to the page."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.discover.folding import fold, is_spaceless, letters, spellings

REST = 3
TIERS = (0, 1, 2, REST)
"""Of these a search looks through one after the other, the most popular creators first. A word begins with its tier."""

TIER_SIZES = (1_000, 10_000, 100_000)
"""How many creators the tiers before the last one have."""

NOBODY = UUID(int=0)
"""Before all ids."""

MOST_TEXT = 1_000  # characters of one text, of a bio the beginning
MOST_WORDS = 400
MOST_PLACES = 8  # of one word
MOST_PARTS = 12  # words of a name whose parts are kept
MOST_PLATFORMS = 20
MOST_CATEGORIES = 10
BIO_CHARACTERS = 160
SHORTEST_PART = 3
SHORTEST_MISSPELT = 4
LONGEST_MISSPELT = 24
LONG = 8


@dataclass(frozen=True, slots=True)
class Texts:
    """What a creator is found by. Platforms and categories as they are stored, in lower case."""

    username: str
    display_name: str | None
    bio: str
    platforms: Sequence[str]
    categories: Sequence[str]
    dm_type: str | None


def document(texts: Texts, tier: int) -> str:
    """As a ``tsvector`` is written: each word with its places, which are the heavier the nearer to a name."""
    places = defaultdict[str, list[str]](list)
    name = (texts.display_name or "")[:MOST_TEXT]
    weighed = (
        ("A", spellings(texts.username)),
        ("A", [(compact(texts.username),)]),
        ("B", spellings(name)),
        ("B", spellings(unspaced(name))),
        ("C", [each for name in (*texts.platforms, *texts.categories) for each in spellings(name)]),
        ("", spellings(texts.bio[:MOST_TEXT])),
    )
    numbered = [(weight, ways) for weight, found in weighed for ways in found if ways[0]]
    for place, (weight, ways) in enumerate(numbered[:MOST_WORDS], 1):
        for word in ways:
            if len(places[word]) < MOST_PLACES:
                places[word].append(f"{place}{weight}")
    return " ".join(f"'{tier}{word}':{','.join(where)}" for word, where in places.items())


def compact(username: str) -> str:
    """A username without what separates its words: many look for ``adalove`` who mean ``ada.love``."""
    return letters(username).replace(" ", "")


def unspaced(name: str) -> str:
    """A name whose script has no spaces, without those that it has: some write one between the names of a family."""
    parts = letters(name).split(" ")
    return "".join(parts) if len(parts) > 1 and all(is_spaceless(part[0]) for part in parts if part) else ""


def folded_names(username: str, display_name: str | None) -> str:
    """What a part of a word is looked for in."""
    names = (letters(username), compact(username), letters((display_name or "")[:MOST_TEXT]))
    return " ".join(dict.fromkeys(filter(None, names)))


def grams(folded: str, tier: int) -> list[str]:
    """By which names are found whose middle or misspelling somebody types. Each begins with the tier."""
    words = folded.split(" ")[:MOST_PARTS]
    return sorted({f"{tier}{part}" for part in (*trigrams(words), *(form for word in words for form in forms(word)))})


def trigrams(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        yield from (word[at : at + SHORTEST_PART] for at in range(len(word) - SHORTEST_PART + 1))


def forms(word: str) -> Iterator[str]:
    """What a word has in common with what becomes of it by a letter that is wrong, missing, added or swapped.

    Of a short word that is the word without one of its letters; of a long one its beginning or its end.
    """
    length = len(word)
    if SHORTEST_MISSPELT <= length < LONG:
        yield f"~{word}"
        yield from _without_one(word)
    elif LONG <= length <= LONGEST_MISSPELT:
        yield from _halves(word, length)


def forms_sought(word: str) -> Iterator[str]:
    """What words have among their ``forms`` of which this may be a misspelling."""
    length = len(word)
    if length < LONG:
        yield f"~{word}"
    if length <= LONG:
        yield from _without_one(word)
    for other in (length - 1, length, length + 1):
        if LONG <= other <= LONGEST_MISSPELT:
            yield from _halves(word, other)


def _without_one(word: str) -> Iterator[str]:
    yield from (f"~{word[:at]}{word[at + 1 :]}" for at in range(len(word)))


def _halves(word: str, length: int) -> tuple[str, str]:
    """As words of that length have them: each less than half, so that one of the two is as it was."""
    kept = (length - 1) // 2
    return f"<{length}.{word[:kept]}", f">{length}.{word[-kept:]}"


def facet(platform: str, category: str | None = None, dm_type: str | None = None) -> str:
    """One word for a whole filter, so that the database knows how many have just that."""
    return f"{platform.upper()}/{fold(category or '')}/{dm_type or ''}"


def facets(texts: Texts) -> list[str]:
    categories = (None, *texts.categories[:MOST_CATEGORIES])
    kinds = (None, texts.dm_type) if texts.dm_type else (None,)
    platforms = texts.platforms[:MOST_PLATFORMS]
    return sorted({facet(name, category, kind) for name in platforms for category in categories for kind in kinds})


def kept_card(found: Any) -> dict[str, Any]:
    """What of a card is kept as it is shown. ``found`` is a row of all that is known about the creator."""
    return {
        "id": str(found.creator_id),
        "userId": str(found.user_id),
        "username": found.username,
        "displayName": found.display_name,
        "avatarUrl": found.avatar_url,
        "bio": found.bio[:BIO_CHARACTERS],
        "dmType": found.dm_type,
        "dmPrice": None if found.dm_price is None else str(found.dm_price),
        "dmActive": found.dm_active,
        "platforms": [name.upper() for name in found.platforms[:MOST_PLATFORMS]],
        "categories": list(found.categories[:MOST_CATEGORIES]),
    }


def entry(found: Any) -> dict[str, Any]:
    """The row of a creator in the search, but for what is counted. ``found`` as for a card, and the tier."""
    texts = Texts(found.username, found.display_name, found.bio, found.platforms, found.categories, found.dm_type)
    names = folded_names(found.username, found.display_name)
    return {
        "user_id": found.user_id,
        "username": found.username,
        "document": document(texts, found.tier),
        "folded": names,
        "grams": grams(names, found.tier),
        "facets": facets(texts),
        "tier": found.tier,
        "card": kept_card(found),
    }
