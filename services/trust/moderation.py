"""The rules of moderation as one process knows them, kept fresh, and how often each was met."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from domain.trust.rules import (
    BLOCK,
    FIELDS,
    SCOPES,
    TEXT_NOT_ALLOWED,
    USERNAME,
    Match,
    Ruleset,
    require_name,
    require_text,
    strongest,
)
from persistence.engine.database import Database


class Flagged(NamedTuple):
    """A text that is written, but looked at by a person."""

    scope: str
    text: str
    rules: tuple[UUID, ...]

    def written(self, now: datetime) -> dict[str, Any]:
        """As the evidence of a case holds it."""
        return {"at": now.isoformat(), "scope": self.scope, "text": self.text, "rules": [str(r) for r in self.rules]}


class Moderation:
    """``refresh`` follows the tables at the pace of the config. Hits are counted here, and stored by ``refresh``, too:
    no request waits for a row that all others count in, and a process that is killed loses those of two seconds."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._hits = Counter[UUID]()
        self._revision = -1
        self._reading = asyncio.Lock()
        self.rules = Ruleset()

    async def refresh(self) -> None:
        async with self._reading:
            await self._store_hits()
            await self._read()

    async def _read(self) -> None:
        async with self._database.reading() as db:
            revision = await db.rules.revision()
            if revision == self._revision:
                return
            rules, reserved = await db.rules.all(), await db.rules.reserved()
        self.rules = await asyncio.to_thread(Ruleset, rules, reserved)
        self._revision = revision

    async def _store_hits(self) -> None:
        if not self._hits:
            return
        hits, self._hits = self._hits, Counter()
        try:
            async with self._database.unit() as db:
                await db.rules.count(hits, self._clock())
        except BaseException:
            self._hits.update(hits)
            raise

    def name(self, username: str | None, locale: str | None) -> list[Flagged]:
        """What a person is to look at. Raises ApiError username_unavailable."""
        if username is None:
            return []
        matches = self._counted(username, USERNAME, locale)
        require_name(matches)
        return _flagged(USERNAME, username, matches)

    def texts(
        self, texts: Mapping[str, str | None], locale: str | None, *, code: str = TEXT_NOT_ALLOWED
    ) -> list[Flagged]:
        """As ``name``, of texts by their names in ``FIELDS``; others are passed over. Raises ApiError ``code``."""
        flagged = list[Flagged]()
        for name, text in texts.items():
            if text is not None and name in FIELDS:
                scope = SCOPES.get(name, name)
                matches = self._counted(text, scope, locale)
                require_text(name, matches, code)
                flagged += _flagged(scope, text, matches)
        return flagged

    def refuses_name(self, username: str) -> bool:
        """Whether nobody may have it, for who only asks."""
        return strongest(self.rules.matches(username, USERNAME, "")) == BLOCK

    def admitted(self, scope: str, text: str | None, locale: str | None) -> str | None:
        """The text, unless a rule blocks it: of what comes from elsewhere, and nobody could be told to change."""
        matches = self._counted(text, scope, locale) if text is not None else []
        return None if strongest(matches) == BLOCK else text

    def _counted(self, text: str, scope: str, locale: str | None) -> list[Match]:
        matches = self.rules.matches(text, scope, locale or "")
        self._hits.update({match.rule.id for match in matches})
        return matches


def _flagged(scope: str, text: str, matches: list[Match]) -> list[Flagged]:
    rules = tuple(dict.fromkeys(match.rule.id for match in matches))
    return [Flagged(scope, text, rules)] if rules else []
