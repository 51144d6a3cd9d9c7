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


class AdminUserRow(TypedDict):
    id: str
    email: str
    emailVerified: bool
    phone: str | None
    username: str | None
    displayName: str | None
    status: common.UserStatus
    isCreator: bool
    roles: list[str]
    twoFactorEnabled: bool
    country: str | None
    createdAt: str
    lastLoginAt: str | None


class AdminUsers(TypedDict):
    items: list[AdminUserRow]
    count: NotRequired[int]
    exact: NotRequired[bool]
    nextCursor: str | None


class RevokeRoleRequest(TypedDict):
    role: StaffRoleName
    reason: str


class CreatorOfUser(TypedDict):
    id: str
    createdAt: str


class UserCounts(TypedDict):
    sessions: int
    socialAccounts: int
    uploads: int
    appeals: int
    notes: int
    blockedBy: int


class RestrictionOfUser(TypedDict):
    id: str
    type: common.StatementType
    ground: common.StatementGround
    reference: str
    createdAt: str
    endsAt: str | None


class UserEvent(TypedDict):
    id: str
    action: str
    result: str
    actorId: str | None
    createdAt: str


class AdminUser(TypedDict):
    id: str
    email: str
    emailVerified: bool
    phone: str | None
    phoneVerifiedAt: str | None
    username: str | None
    displayName: str | None
    avatarUrl: str | None
    bio: str | None
    status: common.UserStatus
    roles: list[str]
    hasPassword: bool
    twoFactorEnabled: bool
    locale: str | None
    country: str | None
    device: str | None
    createdAt: str
    lastLoginAt: str | None
    deletionDueAt: str | None
    creator: CreatorOfUser
    counts: UserCounts
    version: int
    statements: list[RestrictionOfUser]
    events: list[UserEvent]


class RevealRequest(TypedDict):
    fields: list[Literal["email", "phone", "ip"]]
    reason: str


class Revealed(TypedDict):
    email: NotRequired[str]
    phone: NotRequired[str | None]
    ip: NotRequired[str | None]


class AdminUserSession(TypedDict):
    id: str
    device: str | None
    ip: str | None
    country: str | None
    createdAt: str
    lastActiveAt: str
    expiresAt: str


class AdminUserSessions(TypedDict):
    items: list[AdminUserSession]
    nextCursor: str | None


class EndUserSessionsRequest(TypedDict):
    sessionId: NotRequired[str]
    reason: str


class EndedUserSessions(TypedDict):
    ended: int


class AssistRequest(TypedDict):
    act: Literal["VERIFY_EMAIL", "PASSWORD_RESET", "UNLOCK"]
    reason: str


class ExportUserRequest(TypedDict):
    reason: str


class ExportOfUser(TypedDict):
    id: str
    status: Literal["PENDING"]
    createdAt: str


class UserNote(TypedDict):
    id: str
    text: str
    authorId: str
    own: bool
    createdAt: str


class UserNotes(TypedDict):
    items: list[UserNote]
    nextCursor: str | None


class AddUserNoteRequest(TypedDict):
    text: str
