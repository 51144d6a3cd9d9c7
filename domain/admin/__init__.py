"""Who of the staff may do what, and what they must have shown before. Roles stand in the contract."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from domain.config_keys import Config, IntKey, NetworksKey
from domain.errors import ApiError
from domain.network import network, within
from domain.users import Principal

FRESH_MINUTES = IntKey(
    "admin.fresh_minutes",
    10,
    "minutes for which a proof of identity allows staff operations that need a recent one",
    1,
    60,
)
SESSION_HOURS = IntKey(
    "admin.session_hours", 12, "hours after a sign-in for which its session may call staff operations", 1, 72
)
IDLE_MINUTES = IntKey(
    "admin.idle_minutes", 60, "minutes without a staff operation after which a session may call none any more", 5, 1440
)
ALLOWED_NETWORKS = NetworksKey(
    "admin.allowed_networks", [], "networks (CIDR) from which staff operations may be called; any if it is empty"
)
STAFF = "staff"
"""The permission that every role has."""
OWNER = "OWNER"
"""The role that has every permission."""
MANAGE = "staff.manage"
PII = "users.pii"
"""The permission to see addresses and phone numbers whole."""


class Standing(NamedTuple):
    """What a caller is as staff, and what the session has shown: nothing, for who is none."""

    roles: tuple[str, ...] = ()
    signed_in_at: datetime | None = None
    second_factor_at: datetime | None = None
    seen_at: datetime | None = None


def not_found(what: str) -> ApiError:
    """What to raise for an id that nothing has; ``what`` is a noun, as its reader calls it."""
    return ApiError("admin.not_found", what=what)


def require_each_once(items: Sequence[Mapping[str, Any]], name: str) -> None:
    """Raises ApiError admin.entry_twice with each entry whose ``name`` another one before it has."""
    seen, twice = set[Any](), list[int]()
    for place, item in enumerate(items):
        if item.get(name) in seen:
            twice.append(place)
        elif name in item:
            seen.add(item[name])
    if twice:
        raise ApiError(
            "admin.entry_twice", details=[{"field": f"items.{at}.{name}", "rule": "duplicate"} for at in twice]
        )


def require_staff(permissions: Collection[str]) -> None:
    """Raises ApiError auth.forbidden, the same for every path, for who has no role."""
    if not permissions:
        raise ApiError("auth.forbidden")


def require_network(ip: str | None, config: Config) -> None:
    """Raises ApiError admin.network_refused for a call from elsewhere than the networks of the staff."""
    if not is_allowed(ip, config[ALLOWED_NETWORKS]):
        raise ApiError("admin.network_refused")


def is_allowed(ip: str | None, networks: Collection[str]) -> bool:
    """Whether a call from the address may reach staff operations; with no networks any may."""
    return not networks or (ip is not None and within(ip, tuple(map(network, networks))))


def require_second_factor(standing: Standing, *, enabled: bool) -> None:
    """Raises ApiError admin.two_factor_required unless the account has one and the session passed it."""
    if not enabled or standing.second_factor_at is None:
        raise ApiError("admin.two_factor_required")


def must_do(standing: Standing, *, enabled: bool) -> list[Literal["ENABLE_TWO_FACTOR", "SIGN_IN_AGAIN"]]:
    """What stands between one of the staff and all operations but the one that tells it."""
    if not enabled:
        return ["ENABLE_TWO_FACTOR"]
    return ["SIGN_IN_AGAIN"] if standing.second_factor_at is None else []


def session_ends(standing: Standing, now: datetime, config: Config) -> datetime:
    """When the session may call no staff operation any more, unless it calls one before that."""
    signed_in_at = standing.signed_in_at or now - timedelta(hours=config[SESSION_HOURS])
    idle = (standing.seen_at or now) + timedelta(minutes=config[IDLE_MINUTES])
    return min(signed_in_at + timedelta(hours=config[SESSION_HOURS]), idle)


def require_young_session(standing: Standing, now: datetime, config: Config) -> None:
    """Raises ApiError admin.session_expired: staff signs in anew each day, and after a pause."""
    if session_ends(standing, now, config) <= now:
        raise ApiError("admin.session_expired")


def require_permission(needed: str, permissions: Collection[str]) -> None:
    """Raises ApiError admin.permission_denied, which names what is missing."""
    if needed != STAFF and needed not in permissions:
        details = [{"field": "", "rule": "permission", "limit": needed}]
        raise ApiError("admin.permission_denied", details=details, permission=needed)


def require_may_act_on(roles: Collection[str], principal: Principal) -> None:
    """Of an account with these ``roles``. Raises ApiError admin.user.is_staff unless the caller manages staff."""
    if roles and MANAGE not in principal.permissions:
        raise ApiError("admin.user.is_staff")


def is_fresh(confirmed_at: datetime | None, now: datetime, config: Config) -> bool:
    """Whether password and second factor were shown lately."""
    return confirmed_at is not None and fresh_until(confirmed_at, config) > now


def fresh_until(confirmed_at: datetime, config: Config) -> datetime:
    return confirmed_at + timedelta(minutes=config[FRESH_MINUTES])


def require_fresh(confirmed_at: datetime | None, now: datetime, config: Config) -> None:
    """Raises ApiError admin.reauthentication_required when password and second factor were not shown lately."""
    if not is_fresh(confirmed_at, now, config):
        raise ApiError("admin.reauthentication_required")


PermissionsOf = Callable[[Collection[str]], frozenset[str]]
"""What somebody with these roles may, as the contract says."""


def require_may_grant(role: str, principal: Principal, permissions_of: PermissionsOf) -> None:
    """Nobody gives away more than they hold. Raises ApiError admin.staff.beyond_own."""
    if not permissions_of((role,)) <= principal.permissions:
        raise ApiError("admin.staff.beyond_own")
