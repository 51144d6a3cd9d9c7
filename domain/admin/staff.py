"""Members of the staff, as they are shown and chosen."""

from datetime import datetime
from typing import Any, cast

from domain.admin import STAFF, Standing, fresh_until, must_do, session_ends
from domain.clock import timestamp
from domain.config_keys import Config
from domain.errors import ApiError
from domain.presenting import presented
from domain.users import Identity, Principal
from domain.wire import admin as wire


def access_view(
    user: Identity, principal: Principal, standing: Standing, now: datetime, config: Config
) -> wire.StaffAccess:
    """What the caller may as staff, until when, and what is missing."""
    until = None if principal.confirmed_at is None else fresh_until(principal.confirmed_at, config)
    return {
        "user": {"id": str(user.id), "email": user.email, "displayName": user.display_name},
        "roles": cast(list[wire.StaffRoleName], list(principal.roles)),
        "permissions": sorted(principal.permissions - {STAFF}),
        "mustDo": must_do(standing, enabled=user.two_factor_enabled),
        "sessionEndsAt": timestamp(session_ends(standing, now, config)),
        "freshUntil": timestamp(until) if until is not None and until > now else None,
    }


def roles_view(permissions: Any) -> wire.StaffRoles:
    """All roles and permissions of the contract."""
    names = cast(list[wire.StaffRoleName], list(permissions.roles))
    roles: list[wire.StaffRole] = [
        {"role": role, "meaning": permissions.roles[role], "permissions": sorted(permissions.of((role,)) - {STAFF})}
        for role in names
    ]
    known: list[wire.StaffPermission] = [
        {"name": name, "meaning": permission.meaning} for name, permission in permissions.known.items()
    ]
    return {"items": roles, "permissions": known}


def member_view(member: Any) -> wire.StaffMember:
    roles = [presented(wire.StaffGrant, grant, grantedAt=timestamp(grant.created_at)) for grant in member.roles]
    return presented(wire.StaffMember, member, userId=str(member.id), twoFactor=member.two_factor_enabled, roles=roles)


def require_other(user_id: Any, principal: Principal) -> None:
    """Nobody changes their own roles. Raises ApiError admin.staff.own_role."""
    if user_id == principal.user_id:
        raise ApiError("admin.staff.own_role")


def require_future(expires_at: datetime | None, now: datetime) -> None:
    """Raises ApiError admin.staff.expiry_past."""
    if expires_at is not None and expires_at <= now:
        raise ApiError("admin.staff.expiry_past")


def require_suitable(user: Any) -> None:
    """Only the owner of a proven address may get a role. Raises ApiError admin.staff.unverified."""
    if not user.email_verified or user.owner_unproven or user.status != "ACTIVE":
        raise ApiError("admin.staff.unverified")
