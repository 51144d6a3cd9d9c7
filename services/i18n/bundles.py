"""Public texts as they are sent: bytes that are made once for each version of a language."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.answers.prepared import Prepare, Prepared
from domain.i18n import Spoken, locales_view
from domain.wire import i18n as wire
from persistence.engine.database import Database
from persistence.i18n import nested
from services.i18n.wordings import Wordings

Bundle = Prepared[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Made:
    """All answers of one version of a language."""

    version: int
    whole: Bundle
    namespaces: Mapping[str, Bundle]


class Bundles:
    """Of each language the newest that was asked for.

    Its texts and its version are read by one statement, so they belong together, whatever is approved meanwhile. Which
    version is the present one is known without a question (``Wordings``).
    """

    def __init__(self, database: Database, wordings: Wordings) -> None:
        self._database = database
        self._wordings = wordings
        self._made: dict[str, Made] = {}
        self._making: dict[str, asyncio.Lock] = {}
        self._listed: tuple[Sequence[Spoken], Prepared[wire.Locales]] | None = None

    def locales(self, prepare: Prepare) -> Prepared[wire.Locales]:
        languages = self._wordings.languages
        if self._listed is None or self._listed[0] is not languages:
            self._listed = languages, prepare(locales_view(languages))
        return self._listed[1]

    async def whole(self, locale: str, prepare: Prepare) -> Bundle:
        """All texts of a language."""
        made = await self._of(locale, prepare)
        return _nothing(prepare, locale) if made is None else made.whole

    async def namespace(self, locale: str, namespace: str, prepare: Prepare) -> Bundle:
        """Those of a namespace."""
        made = await self._of(locale, prepare)
        found = None if made is None else made.namespaces.get(namespace)
        return found or _nothing(prepare, locale, namespace)

    async def _of(self, locale: str, prepare: Prepare) -> Made | None:
        """None for a language that is not active, or that nobody knows."""
        spoken = next((each for each in self._wordings.languages if each.code == locale and each.active), None)
        if spoken is None:
            return None
        async with self._making.setdefault(locale, asyncio.Lock()):
            made = self._made.get(locale)
            if made is None or made.version < spoken.texts_version:
                made = await self._make(locale, prepare)
            if made is not None:
                self._made[locale] = made
        return made

    async def _make(self, locale: str, prepare: Prepare) -> Made | None:
        async with self._database.reading() as db:
            found = await db.texts.of(locale)
        if found is None:
            return None
        version, texts = found
        return await asyncio.to_thread(_prepared, prepare, locale, version, texts)


def _prepared(prepare: Prepare, locale: str, version: int, texts: Sequence[Any]) -> Made:
    whole = prepare({f"{namespace}.{key}": text for namespace, key, text in texts})
    namespaces = {name: _tagged(prepare(each), version, locale, name) for name, each in nested(texts).items()}
    return Made(version, _tagged(whole, version, locale), namespaces)


def _nothing(prepare: Prepare, *names: str) -> Bundle:
    """Never for ever: it may become something."""
    return replace(_tagged(prepare({}), 0, *names), version=None)


def _tagged(made: Bundle, version: int, *names: str) -> Bundle:
    return replace(made, etag="-".join(("i18n", *names, str(version))), version=version)
