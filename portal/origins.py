"""The texts of a portal name the server that they were built with; the one that serves them puts its own there."""

import re
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

# Letters that mean nothing in a page, a script or a shell.
SAFE = re.compile(r"https?://[\w.:\[\]-]+", re.ASCII)


def origin_of(address: str) -> str | None:
    """``https://api.example.com/api/v1`` -> ``https://api.example.com``; None for what is no such address."""
    try:
        parts = urlsplit(address)
    except ValueError:  # such as half a bracket
        return None
    origin = f"{parts.scheme}://{parts.netloc}"
    return origin if SAFE.fullmatch(origin) else None


@dataclass(frozen=True)
class Renaming:
    """``built``: the origin in the texts; ``own``: what stands there instead."""

    built: str
    own: str

    def __call__(self, content: bytes) -> bytes:
        return self._written.sub(self.own.encode(), content) if self.built.encode() in content else content

    @cached_property
    def _written(self) -> re.Pattern[bytes]:
        """Not the beginning of a longer one: ``http://127.0.0.1:80`` is not in ``http://127.0.0.1:8000``."""
        return re.compile(re.escape(self.built.encode()) + rb"(?![\w:-]|\.\w)")


def renaming(built: str, own: str) -> Renaming | None:
    """None where both are the same, or one of them is no address."""
    there, here = origin_of(built), origin_of(own)
    return Renaming(there, here) if there and here and there != here else None
