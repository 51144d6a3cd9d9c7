"""What a sample is made of: fixed text, slots that a reader may fill, parts that exist only with a value."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from portal.samples.literals import TABLE, literal


@dataclass(frozen=True)
class Slot:
    """``name``: whose value it is (``body``, ``header.Idempotency-Key``); ``key``: how it is written."""

    name: str
    key: str
    value: Any
    indent: int = 0

    @cached_property
    def text(self) -> str:
        return literal(TABLE, self.key, self.value, self.indent)


@dataclass(frozen=True, slots=True)
class When:
    """Exists if one of ``names``, those of slots, has a value."""

    names: tuple[str, ...]
    shown: bool
    parts: tuple["Part", ...]


Part = str | Slot | When


def leaves(parts: Iterable[Part], *, hidden: bool) -> Iterator[str | Slot]:
    """Texts and slots in their order, those that are not shown only if ``hidden``."""
    for part in parts:
        if not isinstance(part, When):
            yield part
        elif part.shown or hidden:
            yield from leaves(part.parts, hidden=hidden)


def text(parts: Iterable[Part], *, hidden: bool = False) -> str:
    return "".join(leaf.text if isinstance(leaf, Slot) else leaf for leaf in leaves(parts, hidden=hidden))
