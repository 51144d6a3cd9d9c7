"""Generated from the contract by `make spec`."""

from typing import Literal, NotRequired, TypeAlias, TypedDict

from domain.wire import common


class StaffUser(TypedDict):
    id: str
    email: str
    displayName: str | None


StaffRoleName: TypeAlias = Literal["OWNER", "ADMIN", "MODERATOR", "SUPPORT", "EDITOR", "TRANSLATOR", "FINANCE", "OPERATOR", "AUDITOR"]


class StaffAccess(TypedDict):
    user: StaffUser
    roles: list[StaffRoleName]
    permissions: list[str]
    mustDo: list[Literal["ENABLE_TWO_FACTOR", "SIGN_IN_AGAIN"]]
    sessionEndsAt: str
    freshUntil: str | None


class StaffConfirmRequest(TypedDict):
    password: str
    code: str


class StaffConfirmation(TypedDict):
    freshUntil: str


class StaffRole(TypedDict):
    role: StaffRoleName
    meaning: str
    permissions: list[str]


class StaffPermission(TypedDict):
    name: str
    meaning: str


class StaffRoles(TypedDict):
    items: list[StaffRole]
    permissions: list[StaffPermission]


class StaffGrant(TypedDict):
    role: StaffRoleName
    grantedAt: str
    grantedBy: str | None
    expiresAt: str | None


class StaffMember(TypedDict):
    userId: str
    email: str
    status: common.UserStatus
    twoFactor: bool
    lastSeenAt: str | None
    roles: list[StaffGrant]


class StaffMembers(TypedDict):
    items: list[StaffMember]
    nextCursor: str | None


class GrantRoleRequest(TypedDict):
    email: str
    role: StaffRoleName
    expiresAt: NotRequired[str]
    reason: str


class RevokeRoleRequest(TypedDict):
    role: StaffRoleName
    reason: str
