"""Generated from the contract by `make spec`."""

from typing import Literal, NotRequired, TypedDict

from domain.wire import common


class ReactivateRequest(TypedDict):
    token: NotRequired[str]


class ProfileSocialAccount(TypedDict):
    platform: str
    platformUsername: str | None
    connectedAt: str


class UserProfile(TypedDict):
    id: str
    email: str
    username: str | None
    displayName: str | None
    avatarUrl: str | None
    bio: str | None
    status: common.UserStatus
    emailVerified: bool
    locale: str | None
    lastLoginAt: str | None
    twoFactorEnabled: bool
    createdAt: str
    isCreator: bool
    socialAccounts: list[ProfileSocialAccount]
    referralCode: str | None
    firstReferrerUrl: str | None
    firstLandingPage: str | None
    utmSource: str | None
    utmMedium: str | None
    utmCampaign: str | None
    registrationDevice: str | None
    registrationCountry: str | None


class UpdateProfileRequest(TypedDict):
    displayName: NotRequired[str | None]
    bio: NotRequired[str | None]
    avatarUrl: NotRequired[str]


class UpdatedProfile(TypedDict):
    id: str
    displayName: str | None
    bio: str | None
    avatarUrl: str | None
    username: str | None
    email: str
    locale: str | None


class UserAttribution(TypedDict):
    referredBy: str | None
    referredByCode: str | None
    firstReferrerUrl: str | None
    firstLandingPage: str | None
    acquiredViaCreatorId: str | None
    utmSource: str | None
    utmMedium: str | None
    utmCampaign: str | None
    utmTerm: str | None
    utmContent: str | None
    registrationDevice: str | None
    registrationCountry: str | None
    createdAt: str


class DeactivateRequest(TypedDict):
    password: str


class UsernameAvailability(TypedDict):
    available: bool


class ChangeUsernameRequest(TypedDict):
    username: str


class Avatar(TypedDict):
    avatarUrl: str


class ChangeEmailRequest(TypedDict):
    newEmail: str
    password: str


class UserSettings(TypedDict):
    id: str
    userId: str
    locale: str | None
    theme: Literal["dark", "light", "system", None]
    emailNotifications: bool
    pushNotifications: bool
    inAppNotifications: bool
    digestMode: Literal["DAILY", "WEEKLY", "NONE", None]
    createdAt: str
    updatedAt: str


class UpdateSettingsRequest(TypedDict):
    locale: NotRequired[common.Locale]
    theme: NotRequired[Literal["dark", "light", "system"]]
    emailNotifications: NotRequired[bool]
    pushNotifications: NotRequired[bool]
    inAppNotifications: NotRequired[bool]
    digestMode: NotRequired[Literal["DAILY", "WEEKLY", "NONE"]]


class BlockedUser(TypedDict):
    id: str
    username: str | None
    displayName: str | None
    blockedAt: str


class BlockedUsers(TypedDict):
    items: list[BlockedUser]
    total: int


class Consent(TypedDict):
    documentType: str
    documentVersion: str
    accepted: bool
    createdAt: str
    requiresReConsent: bool


class RecordConsentRequest(TypedDict):
    documentType: str
    documentVersion: str
    accepted: bool


class ConsentRecord(TypedDict):
    id: str


class SubmitAppealRequest(TypedDict):
    type: Literal["ban", "fraud_flag", "content_removal", "report_action"]
    reason: str
    banId: NotRequired[str]
    statementId: NotRequired[str]
    evidence: NotRequired[str]


class Appeal(TypedDict):
    id: str
    status: Literal["PENDING"]
    createdAt: str


class AppealByLinkRequest(TypedDict):
    token: str
    reason: str
    evidence: NotRequired[str]


class OwnStatement(TypedDict):
    id: str
    type: common.StatementType
    targetType: common.StatementTarget
    targetId: str | None
    banId: str | None
    facts: str
    source: Literal["NOTICE", "OWN_INITIATIVE", "ORDER"]
    automatedDetection: bool
    automatedDecision: bool
    ground: common.StatementGround
    reference: str
    explanation: str
    territory: list[str] | None
    startsAt: str
    endsAt: str | None
    liftedAt: str | None
    endedAs: common.StatementEnd
    appealUntil: str


class OwnStatements(TypedDict):
    items: list[OwnStatement]
    nextCursor: str | None
