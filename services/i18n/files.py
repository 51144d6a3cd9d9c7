"""The texts that come with the server, into the tables where staff edits them."""

import hashlib
import json
from collections.abc import Mapping

from babel import Locale

from contract.texts import DEFAULT, Texts
from domain.i18n import SERVER, Text, digest_of
from domain.locales import LOCALES
from persistence.engine.database import Database
from persistence.i18n import Filed, Named

STEP = 10


class TextFiles:
    """Texts of all languages are written by one statement, and none where the files are those of the last time."""

    def __init__(self, database: Database, texts: Texts) -> None:
        self._database = database
        self._files = {locale: _of(texts, locale) for locale in LOCALES}

    async def take_in(self) -> tuple[str, ...]:
        """The languages of which a text changed.

        Idempotent. What staff edited stays as it is, and is marked where the file has another text by now.
        """
        digests = {locale: self._digest(locale) for locale in self._files}
        async with self._database.unit() as db:
            there = await db.texts.files()
            new = [_named(locale, place) for place, locale in enumerate(LOCALES, 1) if locale not in there]
            await db.texts.add_languages(new)
            await db.texts.hold(LOCALES)
            known = await db.texts.files()
            changed = [locale for locale in LOCALES if known.get(locale) != digests[locale]]
            moved: set[str] = set()
            if changed:
                moved = await db.texts.take_in([filed for locale in changed for filed in self._filed(locale)])
                await db.texts.mark_outdated()
                await db.texts.move_on(moved)
                await db.texts.note_files({locale: digests[locale] for locale in changed})
        return tuple(sorted(moved))

    def _filed(self, locale: str) -> list[Filed]:
        english = self._files[DEFAULT]
        return [
            Filed(Text(locale, *place, text), digest_of(text), digest_of(english[place]))
            for place, text in self._files[locale].items()
            if place in english
        ]

    def _digest(self, locale: str) -> str:
        """English counts with it: what a text was made from is written beside it."""
        content = [sorted(self._files[each].items()) for each in (DEFAULT, locale)]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


def _of(texts: Texts, locale: str) -> Mapping[tuple[str, str], str]:
    return {(name, key): text for name in SERVER for key, text in texts.namespace(locale, name).items()}


def _named(code: str, place: int) -> Named:
    """As CLDR names it."""
    locale = Locale.parse(code)
    native = locale.get_display_name(code) or code
    return Named(
        code,
        locale.get_display_name("en") or code,
        native[:1].upper() + native[1:],
        locale.text_direction == "rtl",
        code == DEFAULT,
        place * STEP,
    )
