"""What becomes of a revision that is published, or shown before: cleaned, measured, and folded to be found."""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from math import ceil
from typing import Any
from uuid import UUID

from domain.html import SANITIZER_VERSION, cleaned, text_of
from domain.trust.folding import MOST, fold, is_spaceless

EDITIONS = {
    "page": "pages",
    "post": "blog",
    "article": "help",
    "faq": "faq",
    "announcement": "announcements",
    "legal": "legal",
}
"""Kind of content -> the name under which answers that are made of it are kept."""
WORDS_PER_MINUTE = 200
CHARACTERS_PER_MINUTE = 500
"""Of scripts that put no spaces between words."""
TIMED = ("article", "post")
"""Kinds of which it is said how long they take to read."""


def columns_of(kind: str, source: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a publication that come of what its author wrote (``content_revisions.source``).

    A megabyte takes a second: call it off the event loop.
    """
    html = cleaned(html_of(source))
    title, excerpt, text = title_of(source), source.get("excerpt"), text_of(html)
    return {
        "title": title,
        "excerpt": excerpt,
        "html": html,
        "folded": "\n".join(folded(part) for part in (title, excerpt, text) if part),
        "image": source.get("image"),
        "icon": source.get("icon"),
        "minutes": minutes_to_read(text) if kind in TIMED else None,
        "featured": source.get("isFeatured", False),
        "type": source.get("type"),
        "starts_at": _moment(source.get("startsAt")),
        "ends_at": _moment(source.get("endsAt")),
        "sort_order": source.get("sortOrder", 0),
        "category_ids": category_ids_of(source),
        "sanitizer_version": SANITIZER_VERSION,
    }


def title_of(source: Mapping[str, Any]) -> str:
    return str(source.get("question") or source["title"])


def html_of(source: Mapping[str, Any]) -> str:
    return str(source.get("answer") or source["html"])


def category_ids_of(source: Mapping[str, Any]) -> list[UUID]:
    """Posts have several, articles and questions one."""
    one = source.get("categoryId")
    return [UUID(category_id) for category_id in source.get("categoryIds", [one] if one else [])]


def folded(text: str) -> str:
    """As it is searched: letters that read alike are one, and so are all spaces between words."""
    composed = unicodedata.normalize("NFC", text)
    pieces = (fold(composed[start : start + MOST]).text for start in range(0, len(composed), MOST))
    return " ".join("".join(pieces).split())


def minutes_to_read(text: str) -> int:
    """At least one."""
    characters = Counter(text)
    spaceless = [character for character in characters if is_spaceless(character)]
    words = len(text.translate(dict.fromkeys(map(ord, spaceless), " ")).split())
    alone = sum(characters[character] for character in spaceless)
    return max(1, ceil(words / WORDS_PER_MINUTE + alone / CHARACTERS_PER_MINUTE))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
