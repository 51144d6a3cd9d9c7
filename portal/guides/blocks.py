"""Fenced blocks of a guide. The first word of an info string is the language, the second what happens to it:

``run`` is pasted into a shell (``sh``) or given to ``python3`` (``python``), one after the other;
``output`` is what the one before prints, where ``…`` stands for anything. All others are shown alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from portal.markup import MARKDOWN

RUN, OUTPUT = "run", "output"
LANGUAGES = frozenset({"http", "json", "kotlin", "python", "sh", "swift", "text", "typescript", "yaml"})


@dataclass(frozen=True, slots=True)
class Block:
    language: str
    role: str
    text: str


def blocks(markdown: str) -> Iterator[Block]:
    """In the order of the text."""
    for token in MARKDOWN.parse(markdown):
        if token.type == "fence":
            language, _, role = token.info.strip().partition(" ")
            yield Block(language, role, token.content)
