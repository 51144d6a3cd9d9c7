"""What the commands have in common."""

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from domain.config_keys import InvalidConfig
from persistence.engine.reach import reaching
from runtime.compose import Parts, build_parts
from runtime.serve import server
from runtime.settings import MIN_SECRET, PREFIX, Settings, checked

T = TypeVar("T")


def given(value: str) -> str:
    return sys.stdin.readline().rstrip("\r\n") if value == "-" else value


def secret_given(name: str, value: str) -> str:
    """An empty text takes a secret back. Raises InvalidConfig for a secret among the arguments."""
    if value not in ("", "-"):
        raise InvalidConfig(f"arguments stand in the history and in `ps`: give - and put {name} on the standard input")
    return given(value)


def with_parts(use: Callable[[Parts], Awaitable[T]], *, reads: bool = False) -> T:
    """Run one asynchronous use of the parts against the database. What only ``reads`` makes no secret."""

    async def run(settings: Settings, url: str) -> T:
        parts = build_parts(settings, url)
        try:
            await parts.config.refresh()
            return await use(parts)
        finally:
            await parts.close()

    settings = server.beside(checked())
    url = server.database_url(settings)
    if reads and not settings.known_secrets:
        settings = replace(settings, secret_key=secrets.token_urlsafe(MIN_SECRET))  # which opens nothing
    with reaching(url, remedy_of(settings)):
        return asyncio.run(run(settings, url))


def remedy_of(settings: Settings) -> str:
    """What to do where the database is out of reach."""
    if settings.embedded:
        return "start `biore serve`, which runs one"
    return f"see that it runs and that {PREFIX}DATABASE_URL leads there"
