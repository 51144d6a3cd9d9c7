"""Config as staff sees and changes it: who may, what is shown, what is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from domain.admin import ALLOWED_NETWORKS, is_allowed, require_fresh, require_permission
from domain.clock import timestamp
from domain.config.changes import Wish, told
from domain.config.rules import is_dangerous
from domain.config_keys import Config, UrlKey
from domain.errors import ApiError
from domain.presenting import presented
from domain.users import Client, Principal
from domain.wire import admin as wire

OF_STAFF = "admin."
KEYS_OF_STAFF = "config.admin"
CREDENTIALS = "providers.credentials"
CRITICAL = "providers.critical"
OF_OWNERS = frozenset({"external.captcha.active_provider", "external.storage.active_provider"})
"""What lets programs in, or leaves files where nobody finds them."""
LONGEST = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class Entry:
    """A key as it is now. ``fingerprint`` is None for what is no secret, and for one without a value."""

    key: str
    kind: str
    secret: bool
    switch: bool
    value: Any
    default: Any
    changed: bool
    meaning: str
    bounds: tuple[int, int] | None
    choices: Sequence[str] | None
    version: int
    until: datetime | None
    updated_at: datetime | None
    updated_by: UUID | None
    used_by: Sequence[str]
    fits: bool
    fingerprint: str | None

    def matches(self, prefix: str | None, part: str | None, changed: bool | None) -> bool:
        """Whether a list with these filters has it. ``part`` is of name or meaning, in any case."""
        found = (part or "").casefold() in f"{self.key}\n{self.meaning}".casefold()
        return self.key.startswith(prefix or "") and found and changed in (None, self.changed)


def entry_view(entry: Entry) -> wire.ConfigEntry:
    bounds: Any = entry.bounds and dict(zip(("minimum", "maximum"), entry.bounds, strict=True))
    shown = presented(
        wire.ConfigEntry,
        entry,
        value=None if entry.secret else entry.value,
        default=None if entry.secret else entry.default,
        bounds=bounds,
        choices=None if entry.choices is None else list(entry.choices),
        usedBy=list(entry.used_by),
        danger=is_dangerous(entry.key),
    )
    if entry.secret:
        shown["isSet"], shown["fingerprint"] = bool(entry.value), entry.fingerprint
    return shown


def change_view(change: Any, *, secret: bool) -> wire.ConfigChange:
    """Of a secret nothing but fingerprints, whatever the key was when it was changed."""
    shown = {
        "id": str(change.id),
        "version": change.version,
        "from": told(change.before, secret=secret),
        "to": told(change.after, secret=secret),
        "until": timestamp(change.until),
        "by": None if change.actor_id is None else str(change.actor_id),
        "source": change.source,
        "reason": change.reason,
        "at": timestamp(change.created_at),
    }
    return cast(wire.ConfigChange, shown)


def require_may_change(entry: Entry, principal: Principal, now: datetime, config: Config) -> None:
    """Who may not read a secret must not have it sent to an address of their own, nor mailed links with tokens.

    Raises ApiError admin.permission_denied, admin.config.invalid for a switch, admin.reauthentication_required.
    """
    if entry.key.startswith(OF_STAFF):
        require_permission(KEYS_OF_STAFF, principal.permissions)
    if entry.secret or entry.kind == UrlKey.kind:
        require_permission(CREDENTIALS, principal.permissions)
    if entry.key in OF_OWNERS:
        require_permission(CRITICAL, principal.permissions)
    if entry.switch:
        raise invalid(entry.key, "switch")
    if is_dangerous(entry.key):
        require_fresh(principal.confirmed_at, now, config)


def require_lets_in(key: str, value: Any, client: Client) -> None:
    """Nobody shuts themselves out. Raises ApiError admin.config.invalid."""
    if key == ALLOWED_NETWORKS.name and not is_allowed(client.ip, value or ()):
        raise invalid(key, "own_network")


def invalid(key: str, rule: str, limit: Any = None, field: str = "value") -> ApiError:
    details = [{"field": field, "rule": rule} | ({} if limit is None else {"limit": limit})]
    return ApiError("admin.config.invalid", details=details, key=key, rule=rule)


def end_of(key: str, until: str | None, now: datetime, field: str = "until") -> datetime | None:
    """When a value is to end by itself. Raises ApiError admin.config.invalid for what has passed, or is years away."""
    if until is None:
        return None
    end = datetime.fromisoformat(until).astimezone(UTC)
    if end <= now:
        raise invalid(key, "future", field=field)
    if end > now + LONGEST:
        raise invalid(key, "maximum", timestamp(now + LONGEST), field)
    return end


def wished(body: wire.ChangeConfigRequest, now: datetime) -> list[Wish]:
    """Each key once, with where in the body it stands. Raises ApiError admin.config.invalid."""
    wishes: dict[str, Wish] = {}
    for number, asked in enumerate(body["changes"]):
        key, field = asked["key"], f"changes.{number}."
        if key in wishes:
            raise invalid(key, "single", field=f"{field}key")
        until = end_of(key, asked.get("until"), now, f"{field}until")
        wishes[key] = Wish(key, asked["value"], asked["version"], until, field)
    return list(wishes.values())
