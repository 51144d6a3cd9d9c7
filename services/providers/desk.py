"""Where admins choose and set providers: by staff and by commands alike."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from domain.admin import not_found
from domain.admin.providers import NONE, Probe, Setting, Shape, require_no_mask
from domain.clock import utc_now
from domain.config.changes import DEFAULT, Author, Wish, Written
from domain.config_keys import BoolKey, ChoiceKey, InvalidConfig, Key, ListKey
from domain.errors import ApiError
from persistence.repositories import Repositories
from providers.ports import ProviderUnavailable
from providers.registry import Providers
from services.config.catalogue import below, is_secret
from services.config.live import LiveConfig

SWITCH = {"true": True, "false": False}


class Family(Protocol):
    """What a family of the registry shows of itself."""

    family: str

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def active_name(self) -> str: ...

    @property
    def stand_ins(self) -> list[str]: ...

    async def probe(self, name: str) -> str: ...


class ProviderDesk:
    """``more`` are families that no admin orders, such as name servers: they are only watched and probed."""

    def __init__(self, providers: Providers, config: LiveConfig, more: Iterable[Family] = ()) -> None:
        ordered: tuple[Any, ...] = (
            providers.captcha, providers.email, providers.geoip, providers.kyc, providers.leaked_passwords,
            providers.payment, providers.payout,
            providers.sms, providers.storage,
        )  # fmt: skip
        self._ordered: Mapping[str, Any] = {family.family: family for family in ordered}
        self._families: Mapping[str, Family] = dict(sorted((self._ordered | {one.family: one for one in more}).items()))
        self._config = config

    def shapes(self) -> list[Shape]:
        """Of all families, by name."""
        return [self.shape(family) for family in self._families]

    def shape(self, family: str) -> Shape:
        """Raises ApiError admin.not_found."""
        found = self._family(family)
        settings = {name: self._settings(family, name) for name in self._known(family)}
        return Shape(family, found.active_name, found.stand_ins, settings, found.names)

    def settings(self, family: str, name: str) -> Sequence[Setting]:
        """Raises ApiError admin.not_found for what has none."""
        self._require_ordered(family)
        self.require(family, name)
        return self._settings(family, name)

    def require(self, family: str, name: str) -> None:
        """Raises ApiError admin.not_found for a provider that the family does not know."""
        self._family(family)
        if name not in self._known(family):
            raise not_found("provider")

    def require_order(self, family: str, active: str, failover: Sequence[str]) -> None:
        """Raises ApiError admin.not_found, or InvalidConfig for an order that the family cannot have."""
        self._require_ordered(family)
        for key, value in self._order(family, active, failover).items():
            key.check(value)
        if self._failover_key(family) is None and failover:
            raise InvalidConfig(f"{family} has no failover: what one provider has is with no other", "maxItems", 0)
        if len({active, *failover}) <= len(failover) or (NONE in failover):
            raise InvalidConfig(f"{family}: each provider stands in the order once", "repeated")

    async def probe(self, family: str, name: str) -> Probe:
        """Raises ApiError admin.not_found."""
        self.require(family, name)
        began = time.perf_counter()
        try:
            found, ok = await self._families[family].probe(name), True
        except ProviderUnavailable as fault:
            found, ok = str(fault), False
        return Probe(ok, found, round(time.perf_counter() - began, 3))

    async def require_ready(self, family: str, names: Sequence[str]) -> None:
        """All at once. Raises ApiError admin.provider.not_ready for the first in their order that is not."""
        asked = [name for name in names if name != NONE]
        for name, probe in zip(asked, await asyncio.gather(*(self.probe(family, name) for name in asked)), strict=True):
            if not probe.ok:
                raise not_ready(name, probe.found)

    async def put_order(
        self, db: Repositories, family: str, active: str, failover: Sequence[str], author: Author
    ) -> None:
        """In somebody's unit of work."""
        values = {key.name: value for key, value in self._order(family, active, failover).items()}
        await self._write(db, values, author)

    async def put_settings(
        self, db: Repositories, family: str, name: str, values: Mapping[str, str | None], author: Author
    ) -> list[Written]:
        """In somebody's unit of work. None takes a value away. Raises InvalidConfig."""
        known = {setting.key: setting for setting in self._settings(family, name)}
        if unknown := sorted(values.keys() - known.keys()):
            raise InvalidConfig(f"{name} has no setting {unknown[0]}", "enum", ", ".join(sorted(known)))
        for key, value in values.items():
            if value is not None:
                require_no_mask(key, value, known[key].fingerprint)
        stored = {_full(family, name, key): _read(family, name, key, value) for key, value in values.items()}
        return await self._write(db, stored, author)

    async def _write(self, db: Repositories, values: Mapping[str, Any], author: Author) -> list[Written]:
        """The version of the family is what nobody overwrites unseen; those of its keys are not asked for."""
        wishes = [Wish(name, DEFAULT if value is None else value) for name, value in values.items()]
        return await self._config.writer.write(db, wishes, author, utc_now())

    async def follow(self) -> None:
        """Know what was stored just now."""
        await self._config.refresh()

    def _family(self, name: str) -> Family:
        if name not in self._families:
            raise not_found("family")
        return self._families[name]

    def _require_ordered(self, family: str) -> None:
        if family not in self._ordered:
            raise not_found("family")

    def _known(self, family: str) -> list[str]:
        """In the order of the config, whether this environment has them or not; then those chosen elsewhere."""
        names = self._families[family].names
        if family not in self._ordered:
            return list(names)
        active: ChoiceKey = self._ordered[family].active_provider
        return [*dict.fromkeys(name for name in (*active.choices, *names) if name != NONE)]

    def _failover_key(self, family: str) -> ListKey | None:
        found: ListKey | None = getattr(self._ordered[family], "failover_providers", None)
        return found

    def _order(self, family: str, active: str, failover: Sequence[str]) -> dict[Key[Any], Any]:
        key = self._failover_key(family)
        return {self._ordered[family].active_provider: active} | ({key: list(failover)} if key is not None else {})

    def _settings(self, family: str, name: str) -> list[Setting]:
        prefix = _full(family, name, "")
        return [self._setting(key, key.name.removeprefix(prefix)) for key in below(prefix)]

    def _setting(self, key: Key[Any], short: str) -> Setting:
        value, secret = self._config[key], is_secret(key.name)
        is_set = value not in ("", None)
        told = str(value).lower() if isinstance(value, bool) else str(value)
        shown, fingerprint = (None, self._config.writer.fingerprint(key.name, told)) if secret else (told, None)
        return Setting(short, secret, is_set, shown if is_set else None, fingerprint if is_set else None, key.meaning)


def not_ready(name: str, fault: str) -> ApiError:
    return ApiError("admin.provider.not_ready", provider=name, fault=fault)


def _full(family: str, name: str, key: str) -> str:
    return f"external.{family}.{name}.{key}"


def _read(family: str, name: str, key: str, value: str | None) -> Any:
    """As the key takes it."""
    (found,) = (known for known in below(_full(family, name, key)) if known.name == _full(family, name, key))
    if isinstance(found, BoolKey) and value is not None:
        if value not in SWITCH:
            raise InvalidConfig(f"{key} must be true or false", "enum", ", ".join(SWITCH))
        return SWITCH[value]
    return value
