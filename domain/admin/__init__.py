"""Who of the staff may do what, and how lately they must have shown who they are. Roles stand in the contract."""

from collections.abc import Collection
from datetime import datetime, timedelta

from domain.config_keys import Config, IntKey
from domain.errors import ApiError

FRESH_MINUTES = IntKey(
    "admin.fresh_minutes",
    10,
    "minutes for which a proof of identity allows staff operations that need a recent one",
    1,
    60,
)
STAFF = "staff"
"""The permission that every role has."""


def require_staff(permissions: Collection[str]) -> None:
    """Raises ApiError auth.forbidden, the same for every path, for who has no role."""
    if not permissions:
        raise ApiError("auth.forbidden")


def require_permission(needed: str, permissions: Collection[str]) -> None:
    """Raises ApiError admin.permission_denied, which names what is missing."""
    if needed != STAFF and needed not in permissions:
        details = [{"field": "", "rule": "permission", "limit": needed}]
        raise ApiError("admin.permission_denied", details=details, permission=needed)


def require_fresh(confirmed_at: datetime | None, now: datetime, config: Config) -> None:
    """Raises ApiError admin.reauthentication_required when password and second factor were not shown lately."""
    if confirmed_at is None or confirmed_at + timedelta(minutes=config[FRESH_MINUTES]) <= now:
        raise ApiError("admin.reauthentication_required")
