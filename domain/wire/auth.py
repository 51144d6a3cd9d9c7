"""Generated from the contract by `make spec`."""

from typing import Literal, NotRequired, TypeAlias, TypedDict

from domain.wire import common


class RegisterRequest(TypedDict):
    email: str
    password: str
    acceptedTerms: Literal[True]
    acceptedPrivacy: Literal[True]
    username: NotRequired[str]
    displayName: NotRequired[str]
    intent: NotRequired[Literal["creator", "fan"]]
    referralCode: NotRequired[str]
    locale: NotRequired[common.Locale]
    utmSource: NotRequired[str]
    utmMedium: NotRequired[str]
    utmCampaign: NotRequired[str]
    utmTerm: NotRequired[str]
    utmContent: NotRequired[str]
    firstReferrerUrl: NotRequired[str]
    firstLandingPage: NotRequired[str]


class Registration(TypedDict):
    userId: str
    message: str


class VerifyEmailRequest(TypedDict):
    token: str
    password: NotRequired[str]


class VerifyEmailChangeRequest(TypedDict):
    token: str
    password: NotRequired[str]


class ResendVerificationRequest(TypedDict):
    email: str


class LoginRequest(TypedDict):
    email: str
    password: str


class AccessToken(TypedDict):
    accessToken: str
    expiresIn: int


class TwoFactorRequired(TypedDict):
    requiresTwoFactor: Literal[True]
    tempToken: str


LoginResult: TypeAlias = AccessToken | TwoFactorRequired


class RefreshRequest(TypedDict):
    refreshToken: NotRequired[str]


class UserIdentity(TypedDict):
    id: str
    email: str
    username: str | None
    displayName: str | None
    avatarUrl: str | None
    status: common.UserStatus
    emailVerified: bool


class LoginTwoFactorRequest(TypedDict):
    tempToken: str
    code: str


class TwoFactorSetup(TypedDict):
    secret: str
    qrCodeDataUrl: str
    otpauthUrl: str


class TwoFactorSetupInit(TypedDict):
    secret: str
    qrCodeUrl: str
    otpauthUrl: str
    recoveryCodes: Literal[None]


class TotpCode(TypedDict):
    code: str


class BackupCodes(TypedDict):
    backupCodes: list[str]


class DisableTwoFactorRequest(TypedDict):
    password: str


class TwoFactorStatus(TypedDict):
    enabled: bool


class ForgotPasswordRequest(TypedDict):
    email: str


class ResetPasswordRequest(TypedDict):
    token: str
    newPassword: str


OAuthPlatform: TypeAlias = Literal["google", "apple", "x"]


class PasswordReset(TypedDict):
    linkedPlatforms: list[OAuthPlatform]
    unlinkedPlatforms: list[OAuthPlatform]


class ChangePasswordRequest(TypedDict):
    currentPassword: str
    newPassword: str


class UndoChangeRequest(TypedDict):
    token: str


class StopRecoveryRequest(TypedDict):
    token: str


class ConfirmRecoveryRequest(TypedDict):
    token: str


class OAuthLinkRequest(TypedDict):
    provider: OAuthPlatform
    idToken: NotRequired[str]
    nonce: NotRequired[str]
    code: NotRequired[str]
    codeVerifier: NotRequired[str]
    redirectUri: NotRequired[str]


class ConfirmRequest(TypedDict):
    password: NotRequired[str]
    platform: NotRequired[OAuthLinkRequest]
    code: NotRequired[str]


class Confirmation(TypedDict):
    confirmedUntil: str


class Session(TypedDict):
    id: str
    device: str | None
    ipMasked: str | None
    location: str | None
    isCurrent: bool
    createdAt: str
    lastActiveAt: str


class Sessions(TypedDict):
    sessions: list[Session]


Purpose: TypeAlias = Literal["verify-phone-fan", "verify-phone-profile", "2fa-setup", "login-2fa"]


class SendOtpRequest(TypedDict):
    phone: str
    purpose: Purpose
    tempToken: NotRequired[str]


class ChallengeDispatch(TypedDict):
    challengeId: str
    expiresAt: str
    attemptsRemaining: int


class VerifyOtpRequest(TypedDict):
    challengeId: str
    code: str


class OtpVerification(TypedDict):
    success: Literal[True]
    accessToken: NotRequired[str]
    expiresIn: NotRequired[int]


class ResendOtpRequest(TypedDict):
    challengeId: str


class ChallengeResend(TypedDict):
    challengeId: str
    expiresAt: str
    attemptsRemaining: int
    resendCount: int


class OAuthClient(TypedDict):
    platform: OAuthPlatform
    clientId: str
    redirectUri: str | None


class OAuthProviders(TypedDict):
    providers: list[OAuthClient]


class OAuthLoginRequest(TypedDict):
    provider: OAuthPlatform
    idToken: NotRequired[str]
    nonce: NotRequired[str]
    code: NotRequired[str]
    codeVerifier: NotRequired[str]
    redirectUri: NotRequired[str]
    verificationToken: NotRequired[str]
    referralCode: NotRequired[str]


class OAuthSignedIn(TypedDict):
    accessToken: str
    expiresIn: int
    isNewUser: bool


OAuthLoginResult: TypeAlias = OAuthSignedIn | TwoFactorRequired


class Reactivation(TypedDict):
    valid: bool
    status: Literal["paused", "pending-deletion", "expired", "deleted"]
    userMaskEmail: str | None
    deletionDate: str | None


class ChallengeMetadata(TypedDict):
    challengeId: str
    purpose: Purpose
    phoneMask: str | None
    expiresAt: str
    attemptsRemaining: int
    resendAvailableAt: str | None
