"""Style sheets of bio pages, cleaned without keeping the event loop."""

import asyncio
from collections.abc import Collection
from typing import NamedTuple

from domain.css import cleaned, texts

SHORT = 300
"""Characters that are parsed in less time than it takes to hand them to a thread."""


class StyleSheet(NamedTuple):
    """``css``: what may stand on a page. ``texts``: what it can show."""

    css: str
    texts: str


async def clean_css(css: str, hosts: Collection[str]) -> StyleSheet:
    """Raises what ``domain.css.cleaned`` raises. Long ones are read in a thread."""
    return _read(css, hosts) if len(css) <= SHORT else await asyncio.to_thread(_read, css, hosts)


def _read(css: str, hosts: Collection[str]) -> StyleSheet:
    kept = cleaned(css, hosts)
    return StyleSheet(kept, texts(kept))
