"""The texts of the platform: what they must have in common with English, and how they are served."""

import hashlib
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from domain.presenting import presented
from domain.wire import i18n as wire

SOURCE = "en"
"""The language that all others are translated from."""
SERVER = ("errors", "validation", "messages", "mails")
"""The namespaces whose texts come with the server, which says them itself."""
PRIVATE = ("mails",)
"""Namespaces that no client shows."""
MOST_LANGUAGES = 200
PLACEHOLDER = re.compile(r"\{[^{}]*\}|[{}]")


class Spoken(NamedTuple):
    """An active or inactive language, as every process knows it."""

    code: str
    name: str
    native_name: str
    is_rtl: bool
    is_default: bool
    active: bool
    texts_version: int


class Text(NamedTuple):
    """One text of one language."""

    locale: str
    namespace: str
    key: str
    text: str


class Differing(NamedTuple):
    """Placeholders that a text lacks, and such as it must not have."""

    missing: tuple[str, ...]
    extra: tuple[str, ...]


def digest_of(text: str) -> str:
    """By which texts are compared, as the database makes it."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def placeholders(text: str) -> frozenset[str]:
    """With their braces. A brace that belongs to none counts as one, because nothing can be filled in then."""
    return frozenset(PLACEHOLDER.findall(text))


def differing(text: str, source: str) -> Differing | None:
    """What keeps a text from being filled in like its source; None where nothing does."""
    ours, theirs = placeholders(text), placeholders(source)
    if ours == theirs:
        return None
    return Differing(tuple(sorted(theirs - ours)), tuple(sorted(ours - theirs)))


def locales_view(languages: Iterable[Spoken]) -> wire.Locales:
    """The active ones, in their order."""
    active = [language for language in languages if language.active]
    shown: list[Any] = [presented(wire.Language, language) for language in active]
    return {"locales": shown, "versions": {language.code: language.texts_version for language in active}}
