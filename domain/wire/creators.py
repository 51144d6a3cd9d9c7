"""Generated from the contract by `make spec`."""

from decimal import Decimal
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

from domain.wire import common


class SocialAccount(TypedDict):
    platform: str
    platformUsername: str | None
    verified: bool
    connectedAt: str
    reconnect: bool


class Subscriber(TypedDict):
    id: str
    bioPageId: str
    email: str
    name: str | None
    subscribedAt: str
    unsubscribedAt: str | None
    confirmed: bool
    source: Literal["bio_page"]
    createdAt: str


class Subscribers(TypedDict):
    items: list[Subscriber]
    total: int


class ResendConfirmationRequest(TypedDict):
    email: str


class UpgradeToCreatorRequest(TypedDict):
    displayName: NotRequired[str]
    bio: NotRequired[str]
    themeId: NotRequired[str]
    username: NotRequired[str]


class Upgraded(TypedDict):
    creatorId: str
    bioPageUrl: str


PayoutAccountStatus: TypeAlias = Literal["NOT_STARTED", "PENDING", "ACTIVE", "RESTRICTED", "DISABLED"]


PreferredPayoutMethod: TypeAlias = Literal["PLATFORM_ACCOUNT", "BANK_TRANSFER", None]


class BioLink(TypedDict):
    id: str
    title: str
    url: str
    icon: str | None
    sortOrder: int
    active: bool
    isSocial: bool
    platform: str | None
    embedType: Literal["YOUTUBE", "SPOTIFY", "TIKTOK", "SOUNDCLOUD", "TWITCH", "APPLE_MUSIC", "CUSTOM", None]
    embedMeta: dict[str, Any] | None
    scheduledStart: str | None
    scheduledEnd: str | None
    statementId: str | None


class OwnBioPage(TypedDict):
    id: str
    creatorId: str
    templateId: str | None
    bio: str
    themeOverride: dict[str, Any] | None
    customCss: str | None
    embedEnabled: bool
    published: bool
    emailCollectionEnabled: bool
    links: list[BioLink]
    template: dict[str, Any] | None


MessageType: TypeAlias = Literal["FREE", "SINGLE_PAY", "PER_MESSAGE"]


class DmPackage(TypedDict):
    id: str
    dmType: MessageType
    price: str | None
    active: bool
    createdAt: str


class CreatorProfile(TypedDict):
    id: str
    userId: str
    level: common.CreatorLevel
    kycStatus: common.KycStatus
    kycProvider: str | None
    kycProviderId: str | None
    kycCompletedAt: str | None
    dmType: common.CreatorDmType
    dmPrice: str | None
    dmActive: bool
    creatorStatus: common.CreatorStatus
    vacationMode: bool
    vacationStart: str | None
    vacationEnd: str | None
    totalEarnings: str
    totalMessages: int
    totalFollowers: int
    avgRating: str | None
    ratingCount: int
    payoutAccountId: str | None
    payoutAccountStatus: PayoutAccountStatus
    payoutChargesEnabled: bool
    payoutPayoutsEnabled: bool
    iban: str | None
    bankName: str | None
    accountHolderName: str | None
    swiftCode: str | None
    bankCountry: str | None
    bankAccountVerified: bool
    bankVerifiedAt: str | None
    preferredPayoutMethod: PreferredPayoutMethod
    createdAt: str
    updatedAt: str
    bioPage: OwnBioPage
    dmPackages: list[DmPackage]
    categories: list[str]


class OfferedBioTemplate(TypedDict):
    id: str
    name: str
    description: str | None
    tokens: dict[str, str]
    thumbnail: str | None


class KycState(TypedDict):
    status: common.KycStatus
    provider: str | None
    providerId: str | None
    completedAt: str | None


class KycStarted(TypedDict):
    redirectUrl: str
    sessionId: str
    provider: str


class PayoutAccountStarted(TypedDict):
    payoutAccountId: str
    onboardingUrl: str


class PayoutSignIn(TypedDict):
    code: str
    state: str


class PayoutAccount(TypedDict):
    payoutAccountId: str | None
    payoutAccountStatus: PayoutAccountStatus
    chargesEnabled: bool
    payoutsEnabled: bool
    detailsSubmitted: bool


class PayoutAccountLink(TypedDict):
    onboardingUrl: str


class PayoutDashboard(TypedDict):
    url: str


class BankDetails(TypedDict):
    iban: str | None
    bankName: str | None
    accountHolderName: str | None
    swiftCode: str | None
    bankCountry: str | None
    state: Literal["PENDING", "VERIFIED", "REJECTED", None]
    rejectedFor: common.BankRejectedFor
    verified: bool
    verifiedAt: str | None
    heldUntil: str | None


class AutoPayout(TypedDict):
    at: str
    refusal: str | None


class PayoutSettings(TypedDict):
    bankDetails: BankDetails
    platformAccount: dict[str, Any]
    preferredPayoutMethod: PreferredPayoutMethod
    autoPayoutEnabled: bool
    lastAutoPayout: AutoPayout | None
    availableMethods: dict[str, Any]


class UpdateBankDetailsRequest(TypedDict):
    iban: NotRequired[str]
    bankName: NotRequired[str]
    accountHolderName: NotRequired[str]
    swiftCode: NotRequired[str]
    bankCountry: NotRequired[str]
    preferredPayoutMethod: NotRequired[common.PayoutMethod]
    autoPayoutEnabled: NotRequired[bool]


class TaxStatus(TypedDict):
    form: dict[str, Any] | None
    valid: bool
    validUntil: str | None


class GivenTaxAddress(TypedDict):
    line: str
    city: str
    region: NotRequired[str]
    postalCode: str
    country: str


class SubmitTaxFormRequest(TypedDict):
    type: common.TaxFormType
    country: str
    legalName: str
    address: GivenTaxAddress
    tin: NotRequired[str]
    treatyCountry: NotRequired[str]
    signature: str
    signedAt: str


class TaxForm(TypedDict):
    id: str
    type: common.TaxFormType
    country: str
    legalName: str
    address: common.TaxAddress
    tinLast4: str | None
    treatyCountry: str | None
    signature: str
    signedAt: str
    state: common.TaxFormState
    statement: str | None
    endsAt: str | None
    submittedAt: str
    decidedAt: str | None


class ConnectSocialRequest(TypedDict):
    platform: str
    code: str
    redirectUri: str
    codeVerifier: NotRequired[str]


class DisconnectSocialRequest(TypedDict):
    platform: str


class TrackClickRequest(TypedDict):
    linkId: str
    visitorId: NotRequired[str]


class Tracked(TypedDict):
    tracked: Literal[True]


class TrackViewRequest(TypedDict):
    visitorId: NotRequired[str]
    referrer: NotRequired[str]


class SubscribeRequest(TypedDict):
    email: str
    name: NotRequired[str]


class MessageSettings(TypedDict):
    dmType: common.CreatorDmType
    dmPrice: str | None
    dmActive: bool


class UpdateMessageSettingsRequest(TypedDict):
    dmType: MessageType
    dmPrice: NotRequired[Decimal | None]
    dmActive: NotRequired[bool]


class Vacation(TypedDict):
    vacationMode: bool
    vacationStart: str | None
    vacationEnd: str | None


class SetVacationRequest(TypedDict):
    enabled: bool
    startDate: NotRequired[str]
    endDate: NotRequired[str]


class UpdateBioPageRequest(TypedDict):
    bio: NotRequired[str]
    templateId: NotRequired[str | None]
    themeOverride: NotRequired[dict[str, Any] | None]
    customCss: NotRequired[str | None]
    embedEnabled: NotRequired[bool]
    published: NotRequired[bool]
    emailCollectionEnabled: NotRequired[bool]


EmbedType: TypeAlias = Literal["YOUTUBE", "SPOTIFY", "TIKTOK", "SOUNDCLOUD", "TWITCH", "APPLE_MUSIC", "CUSTOM"]


class EmbedMeta(TypedDict):
    videoId: NotRequired[str]
    contentType: NotRequired[str]
    contentId: NotRequired[str]
    username: NotRequired[str]
    path: NotRequired[str]
    channel: NotRequired[str]
    clip: NotRequired[str]
    country: NotRequired[str]
    trackId: NotRequired[str]


class AddLinkRequest(TypedDict):
    title: str
    url: str
    icon: NotRequired[str]
    sortOrder: NotRequired[int]
    active: NotRequired[bool]
    isSocial: NotRequired[bool]
    platform: NotRequired[str]
    embedType: NotRequired[EmbedType]
    embedMeta: NotRequired[EmbedMeta]
    scheduledStart: NotRequired[str]
    scheduledEnd: NotRequired[str]


class ReorderLinksRequest(TypedDict):
    linkIds: list[str]


class UpdateLinkRequest(TypedDict):
    title: NotRequired[str]
    url: NotRequired[str]
    icon: NotRequired[str]
    sortOrder: NotRequired[int]
    active: NotRequired[bool]
    embedType: NotRequired[EmbedType]
    embedMeta: NotRequired[EmbedMeta]
    scheduledStart: NotRequired[str]
    scheduledEnd: NotRequired[str]


class PublicLink(TypedDict):
    id: str
    title: str
    url: str
    icon: str | None
    sortOrder: int
    isSocial: bool
    platform: str | None
    embedType: str | None
    embedMeta: dict[str, Any] | None


class PublicPage(TypedDict):
    id: str
    template: dict[str, Any] | None
    themeOverride: dict[str, Any] | None
    customCss: str | None
    emailCollectionEnabled: bool
    embedEnabled: bool
    links: list[PublicLink]


class PublicBioPage(TypedDict):
    creatorId: str
    userId: str
    username: str
    displayName: str | None
    bio: str
    avatarUrl: str | None
    level: common.CreatorLevel
    dmType: common.CreatorDmType
    dmPrice: str | None
    dmActive: bool
    vacationMode: bool
    vacationEnd: str | None
    avgRating: str | None
    ratingCount: int
    totalFollowers: int
    userStatus: common.UserStatus
    categories: list[str]
    bioPage: PublicPage
