"""What the server says itself, in the words that staff approved. The files of this release are the floor."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence

from contract.texts import DEFAULT, Texts
from domain.i18n import SERVER, Spoken, Text, differing
from persistence.engine.database import Database


class Wordings:
    """``refresh`` follows the tables at the pace of the config: all that it asks for, while nothing changes, is which
    languages there are, and the version of each.

    A text whose placeholders are not those of this release is not said: it was written for another one.
    """

    def __init__(self, database: Database, texts: Texts) -> None:
        self._database = database
        self._texts = texts
        self._read: dict[str, int] = {}
        self._reading = asyncio.Lock()
        self.languages: Sequence[Spoken] = ()

    async def refresh(self) -> None:
        async with self._reading, self._database.reading() as db:
            languages = await db.texts.languages()
            versions = {language.code: language.texts_version for language in languages}
            moved = [code for code in versions.keys() | self._read.keys() if versions.get(code) != self._read.get(code)]
            edited = await db.texts.edited(moved) if moved else []
        self._reword(moved, edited)
        if languages != self.languages:
            self.languages = languages
        self._read = versions

    def _reword(self, moved: Iterable[str], edited: Iterable[Text]) -> None:
        found: dict[str, dict[str, dict[str, str]]] = {code: defaultdict(dict) for code in moved}
        for locale, namespace, key, text in edited:
            source = self.of_files(namespace, key)
            if source is not None and differing(text, source) is None:
                found[locale][namespace][key] = text
        for locale, texts in found.items():
            self._texts.reword(locale, texts)

    def of_files(self, namespace: str, key: str) -> str | None:
        """The English text that comes with this release."""
        return self._texts.namespace(DEFAULT, namespace).get(key) if namespace in SERVER else None
