"""How config is changed, by staff and by commands alike: checked, sealed where it is secret, told in the history."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.config import rules as config_rules
from domain.config.changes import FINGERPRINT, Author, MovedOn, Wish, Written
from domain.config_keys import InvalidConfig
from domain.keys import Purpose
from persistence.models import ConfigEntry
from persistence.repositories import Repositories
from services.config import catalogue
from services.config.catalogue import is_secret
from services.keyring import Keyring

SEALED = Purpose.CONFIG
DIGITS = 8

Stored = Mapping[str, ConfigEntry]


class Writer:
    def __init__(self, keyring: Keyring, operation_ids: Collection[str], defaults: Mapping[str, Any]) -> None:
        self._keyring = keyring
        self._operation_ids = operation_ids
        self._defaults = defaults

    async def write(self, db: Repositories, wishes: Sequence[Wish], author: Author, now: datetime) -> list[Written]:
        """All of them or none. Raises InvalidConfig, ConflictingConfig and MovedOn."""
        checked = {wish.name: self._checked(wish, now) for wish in wishes}
        await db.config.take_turns()
        stored = await db.config.entries()
        for wish in wishes:
            current = version_of(stored, wish.name)
            if wish.version not in (None, current):
                raise MovedOn(wish.name, current)
        self._require_consistent(stored, checked, now)
        return [await self._write(db, stored, wish, author, now) for wish in checked.values()]

    def fingerprint(self, name: str, secret: str) -> str:
        """Tells whether two secrets of a key are the same, to whoever sees neither; after a rotation it is another."""
        digest = self._keyring.digests(Purpose.CONFIG_FINGERPRINT, name, secret)[0]
        return f"{digest.kid}.{digest.value.hex()[:DIGITS]}"

    def clear(self, name: str, value: Any) -> Any:
        """What is stored, as it is used. Raises ValueError where it does not fit or its secret is lost."""
        clear = self._keyring.unseal(SEALED, str(value)) if is_secret(name) else value
        return catalogue.check(name, clear, self._operation_ids)

    def _checked(self, wish: Wish, now: datetime) -> Wish:
        if wish.goes_back:
            return wish
        value = catalogue.check(wish.name, wish.value, self._operation_ids)
        if wish.until is not None and wish.until <= now:
            told = f"{wish.name} must hold until a time in the future, not {wish.until.isoformat()}"
            raise InvalidConfig(told, "future", key=wish.name)
        return replace(wish, value=value)

    def _require_consistent(self, stored: Stored, wishes: Mapping[str, Wish], now: datetime) -> None:
        """Now, and whenever one of the values ends by itself. Raises ConflictingConfig."""
        rules = list(config_rules.concerning(wishes))
        names = {name for rule in rules for name in rule.names}
        ends = {_until(stored, wishes, name) for name in names}
        for moment in (now, *(end for end in ends if end is not None and end > now)):
            values = {name: self._value_at(moment, stored, wishes, name) for name in names}
            config_rules.require_consistent(values, wishes)

    def _value_at(self, moment: datetime, stored: Stored, wishes: Mapping[str, Wish], name: str) -> Any:
        if name in wishes:
            return wishes[name].value if wishes[name].holds_at(moment) else self._defaults[name]
        entry = stored.get(name)
        if entry is None or not holds_at(entry, moment):
            return self._defaults[name]
        try:
            return self.clear(name, entry.value)
        except ValueError:
            return self._defaults[name]

    async def _write(self, db: Repositories, stored: Stored, wish: Wish, author: Author, now: datetime) -> Written:
        entry, version = stored.get(wish.name), version_of(stored, wish.name)
        following = max(version, await db.config_history.last_version(wish.name)) + 1
        if not await self._store(db, wish, version, following, author):  # somebody who takes no turns was faster
            raise MovedOn(wish.name, version_of(await db.config.entries(), wish.name))
        held = entry is not None and holds_at(entry, now)
        before = self._told(wish.name, entry.value) if entry is not None and held else None
        after = None if wish.goes_back else self._shown(wish.name, wish.value)
        if entry is not None or not wish.goes_back:
            await db.config_history.add(
                wish.name, following, before=before, after=after, until=wish.until,
                source=author.source, actor_id=author.user_id, reason=author.reason,
            )  # fmt: skip
        return Written(wish.name, before, after, wish.until)

    async def _store(self, db: Repositories, wish: Wish, version: int, following: int, author: Author) -> bool:
        if wish.goes_back:
            return version == 0 or await db.config.remove(wish.name, version)
        value = self._keyring.seal(SEALED, wish.value) if is_secret(wish.name) else wish.value
        return await db.config.put(wish.name, value, version, following=following, by=author.user_id, until=wish.until)

    def _told(self, name: str, value: Any) -> Any:
        """What was stored, without a secret. One that is lost has no fingerprint any more."""
        if not is_secret(name):
            return value
        try:
            return self._shown(name, self._keyring.unseal(SEALED, str(value)))
        except ValueError:
            return {FINGERPRINT: None}

    def _shown(self, name: str, value: Any) -> Any:
        return {FINGERPRINT: self.fingerprint(name, value)} if is_secret(name) else value


def version_of(stored: Stored, name: str) -> int:
    """0 where nothing is stored."""
    return stored[name].version if name in stored else 0


def holds_at(entry: ConfigEntry, moment: datetime) -> bool:
    return entry.expires_at is None or entry.expires_at > moment


def _until(stored: Stored, wishes: Mapping[str, Wish], name: str) -> datetime | None:
    if name in wishes:
        return wishes[name].until
    return stored[name].expires_at if name in stored else None
