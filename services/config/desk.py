"""Where staff reads and changes config: each key with all that is known of it, and what may be stored in it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from contract.loader import Contract
from domain.admin.config import Entry, invalid
from domain.admin.switches import Switch
from domain.config.changes import Author, MovedOn, Wish, Written
from domain.config.rules import ConflictingConfig
from domain.config_keys import RATE_LIMIT_PREFIX, AmountKey, ChoiceKey, IntKey, InvalidConfig, ListKey
from domain.errors import ApiError, moved_on
from domain.switches import SWITCHES, SwitchKey
from persistence.models import ConfigEntry
from persistence.repositories import Repositories
from services.config import catalogue
from services.config.catalogue import CATALOGUE, is_secret
from services.config.live import LiveConfig
from services.config.writing import holds_at

OVERRIDE = "overrides the limit of the operation"


class ConfigDesk:
    def __init__(self, live: LiveConfig, contract: Contract) -> None:
        self._live = live
        self._limits = {RATE_LIMIT_PREFIX + name: rate for name, rate in contract.written_rates.items()}
        self._used_by = _used_by(contract)
        self._switches = {name: _switch(key, contract) for name, key in SWITCHES.items()}
        self.names = sorted({*CATALOGUE, *self._limits})

    @property
    def switches(self) -> Sequence[Switch]:
        return [self._switches[name] for name in sorted(self._switches)]

    def switch(self, name: str) -> Switch:
        """Raises ApiError admin.not_found."""
        if name not in self._switches:
            raise ApiError("admin.not_found", what="switch")
        return self._switches[name]

    async def entries(self, db: Repositories, now: datetime) -> list[Entry]:
        """All of them, ordered by name."""
        stored = await db.config.entries()
        return [self._entry(name, stored, now) for name in self.names]

    async def entry(self, db: Repositories, name: str, now: datetime) -> Entry:
        """Raises ApiError admin.not_found."""
        if name not in CATALOGUE and name not in self._limits:
            raise ApiError("admin.not_found", what="config key")
        return self._entry(name, await db.config.entries(), now)

    async def change(self, db: Repositories, wishes: Sequence[Wish], author: Author, now: datetime) -> list[Written]:
        """All of them or none. Raises ApiError admin.config.invalid, admin.config.conflict and precondition.failed."""
        places = {wish.name: wish.field for wish in wishes}
        try:
            return await self._live.writer.write(db, wishes, author, now)
        except MovedOn as error:
            raise _moved_on(error.current, places[error.name]) from None
        except ConflictingConfig as error:
            raise _conflict(error, places) from None
        except InvalidConfig as error:
            raise invalid(error.key, error.rule, error.limit, f"{places[error.key]}value") from None

    def accepts(self, name: str, value: Any) -> bool:
        """Whether the value fits the key by today's rules."""
        try:
            catalogue.check(name, value, self._live.operation_ids)
        except InvalidConfig:
            return False
        return True

    async def refresh(self) -> None:
        """What was changed holds at once in this process; others follow."""
        await self._live.refresh()

    def _entry(self, name: str, stored: Mapping[str, ConfigEntry], now: datetime) -> Entry:
        row = stored.get(name)
        holds = row is not None and holds_at(row, now)
        default = self._limits[name] if name in self._limits else self._live.default(name)
        value, fits = default, True
        if row is not None and holds:
            try:
                value = self._live.writer.clear(name, row.value)
            except ValueError:
                kept = self._live.get(name)
                value, fits = default if kept is None else kept, False
        secret, key = is_secret(name), CATALOGUE.get(name)
        return Entry(
            key=name,
            kind="RATE" if key is None else key.kind,
            secret=secret,
            switch=name in self._switches,
            value=value,
            default=default,
            changed=holds,
            meaning=OVERRIDE if key is None else key.meaning,
            bounds=(key.minimum, key.maximum) if isinstance(key, IntKey | AmountKey) else None,
            choices=(key.choices or None) if isinstance(key, ChoiceKey | ListKey) else None,
            version=0 if row is None else row.version,
            until=row.expires_at if row is not None and holds else None,
            updated_at=None if row is None else row.updated_at,
            updated_by=None if row is None else row.updated_by,
            used_by=self._used_by.get(name, ()),
            fits=fits,
            fingerprint=self._live.writer.fingerprint(name, value) if secret and value else None,
        )


def _used_by(contract: Contract) -> Mapping[str, Sequence[str]]:
    """Of a limit the operation that it limits."""
    found = defaultdict[str, list[str]](list)
    for name in contract.policies:
        for key in contract.operation(name).get("x-biore-managed-by", ()):
            found[key].append(name)
        if name in contract.written_rates:
            found[RATE_LIMIT_PREFIX + name].append(name)
    return found


def _switch(key: SwitchKey, contract: Contract) -> Switch:
    stopped = [policy for policy in contract.policies.values() if policy.kill_switch and policy.kill_switch.key is key]
    codes = [policy.kill_switch.error for policy in stopped if policy.kill_switch]
    return Switch(key, [policy.operation_id for policy in stopped], next(iter(codes), None))


def _moved_on(current: int, field: str) -> ApiError:
    refusal = moved_on(current)
    if field and refusal.details:
        refusal.details[0]["field"] = f"{field}version"
    return refusal


def _conflict(error: ConflictingConfig, places: Mapping[str, str]) -> ApiError:
    details = [{"field": f"{places[error.key]}value", "rule": error.rule, "limit": error.other}]
    variables: dict[str, Any] = {"key": error.key, "with": error.other}
    return ApiError("admin.config.conflict", details=details, **variables)
