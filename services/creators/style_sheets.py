"""Style sheets of bio pages, cleaned without keeping the event loop."""

import asyncio
from collections.abc import Collection

from domain.css import cleaned

SHORT = 300
"""Characters that are parsed in less time than it takes to hand them to a thread."""


async def clean_css(css: str, hosts: Collection[str]) -> str:
    """As ``domain.css.cleaned``, long ones in a thread."""
    return cleaned(css, hosts) if len(css) <= SHORT else await asyncio.to_thread(cleaned, css, hosts)
