"""Generated from the contract by `make spec`."""

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

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
    locales: list[str] | None
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
    locales: NotRequired[list[str]]
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


BankDetailsState: TypeAlias = Literal["PENDING", "VERIFIED", "REJECTED"]


class BankDetailsToReview(TypedDict):
    creatorId: str
    userId: str
    username: str | None
    displayName: str | None
    kycStatus: common.KycStatus
    verifiedName: str | None
    taxName: str | None
    state: BankDetailsState
    rejectedFor: common.BankRejectedFor
    accountHolderName: str
    bankName: str | None
    swiftCode: str | None
    bankCountry: str | None
    ibanLast4: str
    changedAt: str
    heldUntil: str
    decidedAt: str | None
    decidedBy: str | None
    version: int


class BankDetailsList(TypedDict):
    items: list[BankDetailsToReview]
    nextCursor: str | None


class TaxFormToReview(TypedDict):
    id: str
    userId: str
    username: str | None
    displayName: str | None
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
    decidedBy: str | None
    version: int


class TaxFormsList(TypedDict):
    items: list[TaxFormToReview]
    nextCursor: str | None


ThemeState: TypeAlias = Literal["DRAFT", "PUBLISHED", "ACTIVE", "ARCHIVED"]


class ThemeRow(TypedDict):
    id: str
    name: str
    slug: str
    target: common.ThemeTarget
    state: ThemeState
    description: str | None
    thumbnail: str | None
    version: int
    createdAt: str
    updatedAt: str
    publishedAt: str | None
    activatedAt: str | None


class Themes(TypedDict):
    items: list[ThemeRow]
    nextCursor: str | None


class ThemeToken(TypedDict):
    name: str
    value: str


class ThemeAsset(TypedDict):
    name: str
    url: str


class CreateThemeRequest(TypedDict):
    name: str
    slug: str
    target: common.ThemeTarget
    description: NotRequired[str | None]
    thumbnail: NotRequired[str | None]
    lightTokens: NotRequired[list[ThemeToken]]
    darkTokens: NotRequired[list[ThemeToken]]
    typography: NotRequired[list[ThemeToken]]
    layout: NotRequired[list[ThemeToken]]
    assets: NotRequired[list[ThemeAsset]]


class Creator(TypedDict):
    id: str
    userId: str
    username: str | None
    displayName: str | None
    userStatus: common.UserStatus
    creatorStatus: common.CreatorStatus
    level: common.CreatorLevel
    kycStatus: common.KycStatus
    categories: list[str]
    discoverExcluded: bool
    findable: bool
    published: bool
    totalMessages: int
    totalFollowers: int
    avgRating: str | None
    ratingCount: int
    version: int
    createdAt: str


class CreatorsForStaff(TypedDict):
    items: list[Creator]
    nextCursor: str | None


class LedgerEntry(TypedDict):
    accountId: str
    code: str
    walletId: str | None
    amount: str
    before: str | None
    after: str | None


class LedgerTransfer(TypedDict):
    id: str
    key: str
    kind: str
    currency: Literal["USD"]
    referenceType: str
    referenceId: str
    resolves: str | None
    actorId: str | None
    createdAt: str
    entries: list[LedgerEntry]


class LedgerTransfers(TypedDict):
    items: list[LedgerTransfer]
    nextCursor: str | None


LedgerSide: TypeAlias = Literal["CREDIT", "DEBIT"]


class LedgerBalance(TypedDict):
    code: str
    currency: Literal["USD"]
    normal: LedgerSide
    accounts: int
    entries: int
    balance: str


class LedgerBalances(TypedDict):
    items: list[LedgerBalance]


class WebhookEvents(TypedDict):
    items: list[common.WebhookEvent]
    nextCursor: str | None


WalletType: TypeAlias = Literal["FAN", "CREATOR"]


FrozenFor: TypeAlias = Literal["DISPUTE", "FRAUD", "ADMIN", "CLOSING", None]


class WalletFreeze(TypedDict):
    frozenFor: FrozenFor
    frozenAt: str


class Wallet(TypedDict):
    id: str
    userId: str
    type: WalletType
    currency: Literal["USD"]
    balance: str
    lines: int
    frozenFor: FrozenFor
    frozenAt: str | None
    freezes: list[WalletFreeze]
    closedAt: str | None
    createdAt: str


class Wallets(TypedDict):
    items: list[Wallet]
    nextCursor: str | None


class AdminPayout(TypedDict):
    id: str
    userId: str
    username: str | None
    displayName: str | None
    amount: str
    currency: Literal["USD"]
    method: common.PayoutMethod
    provider: str
    status: common.PayoutStatus
    destinationLast4: str | None
    approvals: int
    firstBy: str | None
    secondBy: str | None
    requestedAt: str
    approvedAt: str | None
    processedAt: str | None
    endedAt: str | None
    endedBy: str | None
    failureReason: common.PayoutFailedFor
    statement: str | None
    reference: str | None
    batchId: str | None
    attempt: int


class AdminPayouts(TypedDict):
    items: list[AdminPayout]
    nextCursor: str | None


AdjustmentAccount: TypeAlias = Literal["fan", "fan_promo", "creator", "debt"]


AdjustmentStatus: TypeAlias = Literal["PENDING", "APPROVED", "REJECTED"]


class Adjustment(TypedDict):
    id: str
    walletId: str
    account: AdjustmentAccount
    contra: str
    amount: str
    currency: Literal["USD"]
    status: AdjustmentStatus
    reason: str
    requestedBy: str
    createdAt: str
    decidedBy: str | None
    decidedAt: str | None
    decision: str | None


class Adjustments(TypedDict):
    items: list[Adjustment]
    nextCursor: str | None


class PayoutBatch(TypedDict):
    id: str
    count: int
    amount: str
    currency: Literal["USD"]
    hasFile: bool
    createdBy: str
    createdAt: str


class PayoutBatches(TypedDict):
    items: list[PayoutBatch]
    nextCursor: str | None


class CreatePayoutBatchRequest(TypedDict):
    payoutIds: list[str]
    reason: str


BatchedPayoutStatus: TypeAlias = Literal["PROCESSING", "PROCESSED", "FAILED"]


class BatchedPayout(TypedDict):
    id: str
    userId: str
    amount: str
    currency: Literal["USD"]
    status: BatchedPayoutStatus
    destinationLast4: str | None
    reference: str | None
    failureReason: common.PayoutFailedFor
    processedAt: str | None


class PayoutBatchInFull(TypedDict):
    batch: PayoutBatch
    payouts: list[BatchedPayout]


class Reconciliation(TypedDict):
    id: str
    startedAt: str
    endedAt: str
    transfers: int
    entries: int
    wallets: int
    findings: int
    severe: int


class Reconciliations(TypedDict):
    items: list[Reconciliation]
    nextCursor: str | None


class RunReconciliationRequest(TypedDict):
    reason: str


class RecurringJob(TypedDict):
    topic: str
    meaning: str
    seconds: int
    nextAt: str | None
    lastAt: str | None


LedgerCheck: TypeAlias = Literal["sum", "transfer", "resolves", "entry", "balance", "floor", "chain", "checkpoint", "wallet", "page", "line", "owner", "fingerprint", "escrow", "gifts", "unclaimed", "closed", "price", "adjustment", "load", "payouts", "payout", "contradicted", "reward", "coupon", "dispute", "stray", "load_fee", "refund_transit", "refund", "suspense", "refund_overdue", "suspense_overdue", "overdue", "movement_in", "movement_out", "movement_unknown", "movement_differs"]


class LedgerFinding(TypedDict):
    id: str
    check: LedgerCheck
    what: str
    expected: str
    found: str
    severe: bool
    firstSeen: str
    lastSeen: str
    closedAt: str | None
    closedBy: str | None
    closedBecause: str | None


class LedgerFindings(TypedDict):
    items: list[LedgerFinding]
    nextCursor: str | None


PaymentMisfit: TypeAlias = Literal["AMOUNT", "CURRENCY", "WALLET_CLOSED", None]


class Payment(TypedDict):
    id: str
    walletId: str
    userId: str
    amount: str
    currency: Literal["USD"]
    status: common.LoadStatus
    provider: str
    ref: str | None
    refunded: str
    disputed: str
    fee: str | None
    misfit: PaymentMisfit
    createdAt: str
    expiresAt: str
    paidAt: str | None
    warnedAt: str | None


class Payments(TypedDict):
    items: list[Payment]
    nextCursor: str | None


StrayState: TypeAlias = Literal["HELD", "RETURNING", "CREDITED", "RETURNED"]


class Stray(TypedDict):
    id: str
    provider: str
    ref: str
    paymentId: str | None
    walletId: str | None
    amount: str
    currency: Literal["USD"]
    state: StrayState
    ageDays: int
    createdAt: str
    settledAt: str | None


class Strays(TypedDict):
    items: list[Stray]
    nextCursor: str | None


class PaymentDispute(TypedDict):
    id: str
    paymentId: str
    walletId: str
    provider: str
    ref: str
    amount: str
    createdAt: str
    takenAt: str | None
    returnedAt: str | None
    closedAt: str | None


class PaymentDisputes(TypedDict):
    items: list[PaymentDispute]
    nextCursor: str | None


class DiscoverCategory(TypedDict):
    slug: str
    name: str
    active: bool
    sortOrder: int


class DiscoverCategories(TypedDict):
    version: int
    items: list[DiscoverCategory]


class SetDiscoverCategoriesRequest(TypedDict):
    items: list[DiscoverCategory]
    reason: str


class FeaturedEntry(TypedDict):
    id: str
    creatorId: str
    username: str | None
    position: int
    startsAt: str | None
    endsAt: str | None
    version: int
    createdAt: str


class FeaturedEntries(TypedDict):
    items: list[FeaturedEntry]
    nextCursor: str | None


class FeatureCreatorRequest(TypedDict):
    creatorId: str
    position: int
    startsAt: NotRequired[str | None]
    endsAt: NotRequired[str | None]


CouponType: TypeAlias = Literal["PERCENT", "FIXED"]


CouponScope: TypeAlias = Literal["MESSAGE", "LOAD", "BOTH"]


class Coupon(TypedDict):
    id: str
    code: str
    type: CouponType
    value: str
    appliesTo: CouponScope
    minPurchase: str
    maxDiscount: str | None
    startsAt: str | None
    endsAt: str | None
    maxUses: int | None
    maxUsesPerUser: int | None
    active: bool
    version: int
    createdAt: str


class Coupons(TypedDict):
    items: list[Coupon]
    nextCursor: str | None


class CreateCouponRequest(TypedDict):
    code: str
    type: CouponType
    value: str
    appliesTo: CouponScope
    minPurchase: NotRequired[str]
    maxDiscount: NotRequired[str | None]
    startsAt: NotRequired[str | None]
    endsAt: NotRequired[str | None]
    maxUses: NotRequired[int | None]
    maxUsesPerUser: NotRequired[int | None]
    active: NotRequired[bool]
    reason: str


class BioTemplate(TypedDict):
    id: str
    name: str
    description: str | None
    tokens: list[ThemeToken]
    thumbnail: str | None
    active: bool
    sortOrder: int
    version: int
    createdAt: str
    updatedAt: str


class BioTemplates(TypedDict):
    items: list[BioTemplate]
    nextCursor: str | None


class CreateBioTemplateRequest(TypedDict):
    name: str
    description: NotRequired[str | None]
    tokens: NotRequired[list[ThemeToken]]
    thumbnail: NotRequired[str | None]
    active: NotRequired[bool]
    sortOrder: NotRequired[int]


class MailTemplate(TypedDict):
    name: str
    subject: str
    variables: list[str]


class MailTemplates(TypedDict):
    items: list[MailTemplate]


CaseTargetType: TypeAlias = Literal["USER", "BIO", "LINK", "MESSAGE"]


CaseOrigin: TypeAlias = Literal["NOTICE", "RULE", "STAFF"]


CaseState: TypeAlias = Literal["OPEN", "CLAIMED", "APPROVED", "REJECTED"]


class ModerationCase(TypedDict):
    id: str
    targetType: CaseTargetType
    targetId: str
    userId: str
    username: str | None
    origin: CaseOrigin
    category: str | None
    state: CaseState
    notices: int
    assigneeId: str | None
    createdAt: str
    claimedAt: str | None
    decidedAt: str | None


class ModerationCases(TypedDict):
    items: list[ModerationCase]
    nextCursor: str | None


RuleKind: TypeAlias = Literal["TERM", "DOMAIN", "USERNAME"]


RuleMatch: TypeAlias = Literal["WORD", "PREFIX", "EXACT"]


RuleScope: TypeAlias = Literal["username", "display_name", "bio", "link_title", "link_url"]


RuleAction: TypeAlias = Literal["FLAG", "BLOCK", "QUARANTINE"]


class ModerationRule(TypedDict):
    id: str
    kind: RuleKind
    pattern: str
    match: RuleMatch
    scopes: list[RuleScope]
    action: RuleAction
    locale: str | None
    hits: int
    lastHitAt: str | None
    version: int
    createdAt: str


class ModerationRules(TypedDict):
    items: list[ModerationRule]
    nextCursor: str | None


RuleLocale: TypeAlias = Literal["en", "tr", "de", "fr", "es", "pt", "it", "nl", "pl", "ru", "uk", "ar", "he", "fa", "hi", "id", "ja", "ko", "zh", "vi"]


class NewRule(TypedDict):
    kind: RuleKind
    pattern: str
    match: RuleMatch
    scopes: list[RuleScope]
    action: RuleAction
    locale: NotRequired[RuleLocale]


class CreateRulesRequest(TypedDict):
    rules: list[NewRule]


class CreatedRules(TypedDict):
    items: list[ModerationRule]


class TestRulesRequest(TypedDict):
    text: str
    scope: RuleScope
    locale: NotRequired[RuleLocale]


class RuleHit(TypedDict):
    ruleId: str
    kind: RuleKind
    pattern: str
    action: RuleAction
    start: int
    end: int


class RuleVerdict(TypedDict):
    action: Literal["FLAG", "BLOCK", "QUARANTINE", None]
    matches: list[RuleHit]


RecoveryKind: TypeAlias = Literal["TWO_FACTOR", "EMAIL"]


RecoveryState: TypeAlias = Literal["PENDING", "DONE", "STOPPED", "CANCELLED", "VOID"]


class Recovery(TypedDict):
    id: str
    userId: str
    kind: RecoveryKind
    state: RecoveryState
    newEmail: str | None
    provenAt: str | None
    evidence: str
    reason: str
    requestedBy: str
    createdAt: str
    effectiveAt: str
    endedAt: str | None


class Recoveries(TypedDict):
    items: list[Recovery]
    nextCursor: str | None


class Statement(TypedDict):
    facts: str
    source: NotRequired[Literal["NOTICE", "OWN_INITIATIVE", "ORDER"]]
    automatedDetection: NotRequired[bool]
    automatedDecision: NotRequired[bool]
    ground: common.StatementGround
    reference: str
    explanation: str
    territory: NotRequired[list[str]]
    massSpam: NotRequired[bool]


class ChangeManyStatusesRequest(TypedDict):
    ids: list[str]
    status: Literal["ACTIVE", "SUSPENDED", "BANNED"]
    until: NotRequired[str]
    statement: NotRequired[Statement]
    reason: str


class StatusResult(TypedDict):
    id: str
    outcome: Literal["DONE", "UNCHANGED", "FAILED"]
    code: str | None


class StatusResults(TypedDict):
    results: list[StatusResult]


class StatementOfReasons(TypedDict):
    id: str
    userId: str
    type: common.StatementType
    targetType: common.StatementTarget
    targetId: str | None
    banId: str | None
    facts: str
    source: Literal["NOTICE", "OWN_INITIATIVE", "ORDER"]
    reportId: str | None
    caseId: str | None
    automatedDetection: bool
    automatedDecision: bool
    ground: common.StatementGround
    reference: str
    explanation: str
    territory: list[str] | None
    massSpam: bool
    startsAt: str
    endsAt: str | None
    decidedBy: str | None
    liftedAt: str | None
    liftedBy: str | None
    endedAs: common.StatementEnd


class StatementsOfReasons(TypedDict):
    items: list[StatementOfReasons]
    nextCursor: str | None


class RestrictRequest(TypedDict):
    userId: str
    type: Literal["VISIBILITY_REMOVED", "ACCOUNT_SUSPENDED", "ACCOUNT_BANNED"]
    statement: Statement
    until: NotRequired[str]
    reason: str


AppealType: TypeAlias = Literal["ban", "fraud_flag", "content_removal", "report_action"]


AppealStatus: TypeAlias = Literal["PENDING", "UNDER_REVIEW", "DECIDED"]


AppealOutcome: TypeAlias = Literal["GRANTED", "PARTLY", "DENIED", None]


class AppealToReview(TypedDict):
    id: str
    userId: str
    type: AppealType
    reason: str
    evidence: str | None
    banId: str | None
    statementId: str | None
    status: AppealStatus
    createdAt: str
    assignee: str | None
    claimedAt: str | None
    outcome: AppealOutcome
    explanation: str | None
    decidedAt: str | None
    decidedBy: str | None


class AppealsToReview(TypedDict):
    items: list[AppealToReview]
    nextCursor: str | None


ContactMessageState: TypeAlias = Literal["NEW", "DONE", "SPAM"]


class ContactMessage(TypedDict):
    id: str
    name: str | None
    email: str
    subject: str
    message: str
    locale: str
    state: ContactMessageState
    version: int
    createdAt: str
    updatedAt: str


class ContactMessages(TypedDict):
    items: list[ContactMessage]
    nextCursor: str | None


Nothing: TypeAlias = Literal[None]


ShownConfigValue: TypeAlias = bool | int | str | list[str] | Nothing


class ConfigBounds(TypedDict):
    minimum: int
    maximum: int


class ConfigEntry(TypedDict):
    key: str
    kind: Literal["BOOLEAN", "INTEGER", "AMOUNT", "TEXT", "URL", "EMAIL", "SECRET", "CHOICE", "LIST", "RATE"]
    value: ShownConfigValue
    default: ShownConfigValue
    changed: bool
    meaning: str
    bounds: ConfigBounds | None
    choices: list[str] | None
    version: int
    until: str | None
    updatedAt: str | None
    updatedBy: str | None
    usedBy: list[str]
    danger: bool
    fits: bool
    isSet: NotRequired[bool]
    fingerprint: NotRequired[str | None]


class ConfigEntries(TypedDict):
    items: list[ConfigEntry]
    nextCursor: str | None


ConfigValue: TypeAlias = bool | int | str | list[str]


class ConfigKeyChange(TypedDict):
    key: str
    value: ConfigValue
    version: int
    until: NotRequired[str]


class ChangeConfigRequest(TypedDict):
    changes: list[ConfigKeyChange]
    reason: str


class ChangedConfigEntries(TypedDict):
    items: list[ConfigEntry]


class Switch(TypedDict):
    name: str
    meaning: str
    on: bool
    since: str | None
    by: str | None
    source: Literal["STAFF", "COMMAND", None]
    reason: str | None
    until: str | None
    affects: list[str]
    error: str | None
    version: int


class Switches(TypedDict):
    items: list[Switch]


class AuditEntry(TypedDict):
    id: str
    createdAt: str
    action: str
    result: str
    actorId: str | None
    role: str | None
    targetId: str | None
    reason: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    details: dict[str, Any]
    network: str | None
    correlationId: str | None
    seal: int | None


class AuditEntries(TypedDict):
    items: list[AuditEntry]
    nextCursor: str | None


class AuditVerification(TypedDict):
    ok: bool
    complete: bool
    checked: int
    seals: int
    firstBad: dict[str, Any] | None
    until: str | None
    head: dict[str, Any] | None


class Job(TypedDict):
    id: str
    topic: str
    lane: Literal["CODES", "NORMAL", "BULK", "FILES"]
    state: Literal["DUE", "RUNNING", "SCHEDULED", "DEAD", "DONE", "DISCARDED"]
    attempts: int
    createdAt: str
    dueAt: str
    leasedUntil: str | None
    endedAt: str | None
    lastError: str | None
    payload: dict[str, Any]
    correlationId: str | None
    discarded: dict[str, Any] | None


class Jobs(TypedDict):
    items: list[Job]
    nextCursor: str | None


class JobsActRequest(TypedDict):
    act: Literal["RETRY", "DISCARD"]
    ids: NotRequired[list[str]]
    dead: NotRequired[dict[str, Any]]
    reason: str


class JobOutcome(TypedDict):
    id: str
    outcome: Literal["DONE", "UNCHANGED", "FAILED"]
    code: str | None


class JobsActResult(TypedDict):
    results: list[JobOutcome]
    more: bool


class Schedule(TypedDict):
    items: list[RecurringJob]


class Count(TypedDict):
    count: int
    exact: bool


class Counts(TypedDict):
    today: Count
    last30Days: Count


class Overview(TypedDict):
    at: str
    signUps: Counts
    signIns: Counts
    openCases: Count
    openAppeals: Count
    deadJobs: Count
    dueJobs: Count


class HealthLine(TypedDict):
    level: Literal["OK", "WARN", "FAIL"]
    name: str
    what: str
    remedy: str


class Health(TypedDict):
    healthy: bool
    items: list[HealthLine]


class ProviderSetting(TypedDict):
    key: str
    secret: bool
    isSet: bool
    value: str | None
    fingerprint: str | None
    meaning: str


class ProviderBreaker(TypedDict):
    host: str
    pid: int
    role: Literal["api", "worker"]
    state: Literal["CLOSED", "OPEN", "HALF_OPEN"]
    openedAt: str | None
    failedAt: str | None
    fault: str | None
    seenAt: str


class ProviderOutcome(TypedDict):
    outcome: str
    calls: int
    averageMs: int
    slowestMs: int


class ProviderFailure(TypedDict):
    at: str
    outcome: str
    fault: str


class Provider(TypedDict):
    name: str
    available: bool
    settings: list[ProviderSetting]
    breakers: list[ProviderBreaker]
    outcomes: list[ProviderOutcome]
    lastFailures: list[ProviderFailure]
    lastProbeAt: str | None


class ProviderFamily(TypedDict):
    family: str
    version: int
    active: str
    failover: list[str]
    outcomesSince: str
    providers: list[Provider]


class ProviderFamilies(TypedDict):
    items: list[ProviderFamily]


class ShownSecret(TypedDict):
    isSet: bool
    fingerprint: str | None


class OAuthSettings(TypedDict):
    platform: str
    version: int
    enabled: bool
    loginEnabled: bool
    clientId: str | None
    audiences: list[str]
    clientSecret: ShownSecret
    redirectUri: str | None
    issuer: str | None
    jwksUri: str | None
    tokenEndpoint: str | None
    userinfoEndpoint: str | None


class OAuthSettingsList(TypedDict):
    items: list[OAuthSettings]


class StoredLanguage(TypedDict):
    code: str
    name: str
    nativeName: str
    isRtl: bool
    isDefault: bool
    active: bool
    sortOrder: int
    texts: int
    translated: int
    coverage: float
    outdated: int
    inReview: int
    textsVersion: int
    version: int
    updatedAt: str


class Languages(TypedDict):
    items: list[StoredLanguage]
    nextCursor: str | None


class Translation(TypedDict):
    id: str | None
    locale: str
    namespace: str
    key: str
    source: str | None
    text: str | None
    draft: str | None
    status: Literal["DRAFT", "IN_REVIEW", "APPROVED", "REJECTED", None]
    outdated: bool
    origin: Literal["FILE", "STAFF", None]
    note: str | None
    draftBy: str | None
    version: int
    updatedAt: str | None


class Translations(TypedDict):
    items: list[Translation]
    nextCursor: str | None


class ReviewTranslationsRequest(TypedDict):
    ids: list[str]
    versions: NotRequired[list[int]]
    outcome: Literal["APPROVED", "REJECTED"]
    note: NotRequired[str]


class TranslationReviewed(TypedDict):
    id: str
    outcome: Literal["DONE", "UNCHANGED", "FAILED"]
    code: str | None


class TranslationReview(TypedDict):
    results: list[TranslationReviewed]


class TranslationEntry(TypedDict):
    key: str
    text: str


class ImportTranslationsRequest(TypedDict):
    locale: str
    namespace: str
    mode: Literal["MISSING", "DRAFTS", "OVERWRITE"]
    entries: list[TranslationEntry]


class TranslationImported(TypedDict):
    key: str
    outcome: Literal["WRITTEN", "UNCHANGED", "KEPT", "FAILED"]
    code: str | None


class TranslationImport(TypedDict):
    results: list[TranslationImported]
    written: int


class TicketForStaff(TypedDict):
    id: str
    userId: str
    categoryId: str | None
    subject: str
    status: common.TicketStatus
    priority: common.TicketPriority
    assignedTo: str | None
    waitingSince: str | None
    resolvedAt: str | None
    closedAt: str | None
    createdAt: str
    updatedAt: str
    version: int


class TicketsForStaff(TypedDict):
    items: list[TicketForStaff]
    nextCursor: str | None


class ChangeManyTicketsRequest(TypedDict):
    ids: list[str]
    to: NotRequired[common.TicketStatus]
    assignedTo: NotRequired[str | None]
    takeOver: NotRequired[bool]
    reason: NotRequired[str]


class TicketResult(TypedDict):
    id: str
    outcome: Literal["DONE", "UNCHANGED", "FAILED"]
    code: str | None


class TicketResults(TypedDict):
    results: list[TicketResult]


class TicketCategory(TypedDict):
    id: str
    name: str
    description: str | None
    priority: Literal["LOW", "MEDIUM", "HIGH", "URGENT", None]
    active: bool


class TicketCategories(TypedDict):
    items: list[TicketCategory]
    version: int


class TicketCategoryEntry(TypedDict):
    id: NotRequired[str]
    name: str
    description: NotRequired[str]
    priority: NotRequired[common.TicketPriority]
    active: NotRequired[bool]


class ReplaceTicketCategoriesRequest(TypedDict):
    items: list[TicketCategoryEntry]


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


class CaseOfUser(TypedDict):
    id: str
    targetType: CaseTargetType
    category: str | None
    state: CaseState
    notices: int
    createdAt: str


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
    creator: CreatorOfUser | None
    counts: UserCounts
    version: int
    cases: list[CaseOfUser]
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


class VerifyBankDetailsRequest(TypedDict):
    reason: str


BankRejection: TypeAlias = Literal["NAME_MISMATCH", "UNKNOWN_ACCOUNT", "UNSUPPORTED_BANK", "OTHER"]


class RejectBankDetailsRequest(TypedDict):
    rejectedFor: BankRejection
    reason: str


class ApproveTaxFormRequest(TypedDict):
    reason: str


class RejectTaxFormRequest(TypedDict):
    statement: str
    reason: str


class RevealTaxNumberRequest(TypedDict):
    reason: str


class TaxNumber(TypedDict):
    tin: str | None


class Theme(TypedDict):
    id: str
    name: str
    slug: str
    target: common.ThemeTarget
    state: ThemeState
    description: str | None
    thumbnail: str | None
    version: int
    createdAt: str
    updatedAt: str
    publishedAt: str | None
    activatedAt: str | None
    lightTokens: list[ThemeToken]
    darkTokens: list[ThemeToken]
    typography: list[ThemeToken]
    layout: list[ThemeToken]
    assets: list[ThemeAsset]


class UpdateThemeRequest(TypedDict):
    name: NotRequired[str]
    slug: NotRequired[str]
    description: NotRequired[str | None]
    thumbnail: NotRequired[str | None]
    lightTokens: NotRequired[list[ThemeToken]]
    darkTokens: NotRequired[list[ThemeToken]]
    typography: NotRequired[list[ThemeToken]]
    layout: NotRequired[list[ThemeToken]]
    assets: NotRequired[list[ThemeAsset]]


class ChangeThemeStateRequest(TypedDict):
    to: Literal["PUBLISHED", "ACTIVE", "ARCHIVED"]


class UpdateCreatorRequest(TypedDict):
    level: NotRequired[common.CreatorLevel]
    categories: NotRequired[list[str]]
    discoverExcluded: NotRequired[bool]
    reason: str


class LedgerAccount(TypedDict):
    id: str
    code: str
    currency: Literal["USD"]
    normal: LedgerSide
    walletId: str | None
    userId: str | None
    balance: str
    entries: int
    createdAt: str


class ReplayWebhookEventRequest(TypedDict):
    reason: str


class WalletAccount(TypedDict):
    id: str
    code: str
    balance: str
    entries: int


class WalletInFull(TypedDict):
    wallet: Wallet
    accounts: list[WalletAccount]


StaffFreeze: TypeAlias = Literal["FRAUD", "ADMIN"]


class FreezeWalletRequest(TypedDict):
    frozenFor: StaffFreeze
    statement: Statement
    reason: str


class WalletFrozen(TypedDict):
    frozen: bool


class UnfreezeWalletRequest(TypedDict):
    frozenFor: NotRequired[StaffFreeze]
    reason: str


class AdjustWalletRequest(TypedDict):
    amount: str
    account: AdjustmentAccount
    contra: str
    reason: str


class PayoutCondition(TypedDict):
    code: str
    holds: bool
    standing: bool


PayoutRisk: TypeAlias = Literal["FIRST_PAYOUT", "SAME_DOCUMENT"]


PayoutAttemptState: TypeAlias = Literal["SENDING", "SENT", "PAID", "FAILED", "RETURNED"]


StatedOutcome: TypeAlias = Literal["PROCESSED", "FAILED"]


class PayoutStatement(TypedDict):
    outcome: StatedOutcome
    evidence: str
    statedBy: str
    confirmedBy: str | None


class PayoutAttempt(TypedDict):
    number: int
    provider: str
    ref: str | None
    state: PayoutAttemptState
    reason: str | None
    fee: str | None
    beganAt: str
    settledAt: str | None
    statement: PayoutStatement | None
    contradictedAt: str | None


class AdminPayoutInFull(TypedDict):
    payout: AdminPayout
    conditions: list[PayoutCondition]
    risks: list[PayoutRisk]
    attempts: list[PayoutAttempt]


class ApprovePayoutRequest(TypedDict):
    reason: str


class PayoutDecided(TypedDict):
    status: common.PayoutStatus
    approvals: int


class EndPayoutRequest(TypedDict):
    statement: str
    reason: str


class DecideAdjustmentRequest(TypedDict):
    reason: str


class MarkPayoutProcessedRequest(TypedDict):
    reference: str
    reason: str


BankFileFailure: TypeAlias = Literal["DESTINATION_REJECTED", "TREASURY_EMPTY", "PROVIDER_REJECTED"]


class MarkPayoutFailedRequest(TypedDict):
    failureReason: BankFileFailure
    reason: str


class SettlePayoutRequest(TypedDict):
    outcome: StatedOutcome
    evidence: str
    reason: str


PayoutProviderSays: TypeAlias = Literal["NOT_ASKED", "UNKNOWN", "NOT_FOUND", "SENT", "PAID", "FAILED", "RETURNED"]


class PayoutSettled(TypedDict):
    status: common.PayoutStatus
    settledBy: Literal["STAFF", "PROVIDER", None]
    providerSays: PayoutProviderSays


class CloseFindingRequest(TypedDict):
    reason: str


RefundStatus: TypeAlias = Literal["OPEN", "DONE", "FAILED"]


RefundFailedFor: TypeAlias = Literal["DISPUTED", "EXCEEDS", "REFUSED", "UNDONE", None]


class PaymentRefund(TypedDict):
    id: str
    paymentId: str
    provider: str
    ref: str | None
    amount: str
    status: RefundStatus
    failureReason: RefundFailedFor
    requestedBy: str | None
    reason: str | None
    createdAt: str
    settledAt: str | None


class PaymentInFull(TypedDict):
    payment: Payment
    refunds: list[PaymentRefund]
    disputes: list[PaymentDispute]


class RefundPaymentRequest(TypedDict):
    amount: NotRequired[str]
    reason: str


class RefundAsked(TypedDict):
    refundId: str
    status: RefundStatus


class CreditStrayRequest(TypedDict):
    walletId: str
    reason: str


class ReturnStrayRequest(TypedDict):
    reason: str


class EvidenceAccount(TypedDict):
    email: str
    emailVerified: bool
    emailVerifiedAt: str | None
    status: common.UserStatus
    country: str | None
    createdAt: str


class EvidenceConsent(TypedDict):
    version: str
    accepted: bool
    ip: str | None
    device: str | None
    createdAt: str


EvidenceSignInMethod: TypeAlias = Literal["PASSWORD", "SECOND_FACTOR", "PLATFORM"]


class EvidenceSignIn(TypedDict):
    sessionId: str
    method: EvidenceSignInMethod
    network: str | None
    createdAt: str


class EvidenceSession(TypedDict):
    id: str
    device: str | None
    ip: str | None
    country: str | None
    createdAt: str
    lastActiveAt: str
    endedAt: str | None


class EvidencePayments(TypedDict):
    count: int
    firstPaidAt: str | None
    lastPaidAt: str | None


class EvidenceActivity(TypedDict):
    id: str
    type: common.WalletActivityType
    amount: str
    referenceType: common.WalletReference
    referenceId: str
    createdAt: str


class DisputeEvidence(TypedDict):
    dispute: PaymentDispute
    payment: Payment
    account: EvidenceAccount
    consents: list[EvidenceConsent]
    signIns: list[EvidenceSignIn]
    sessions: list[EvidenceSession]
    earlierPayments: EvidencePayments
    activity: list[EvidenceActivity]


class UpdateFeaturedRequest(TypedDict):
    position: NotRequired[int]
    startsAt: NotRequired[str | None]
    endsAt: NotRequired[str | None]


class UpdateCouponRequest(TypedDict):
    startsAt: NotRequired[str | None]
    endsAt: NotRequired[str | None]
    maxUses: NotRequired[int | None]
    maxUsesPerUser: NotRequired[int | None]
    active: NotRequired[bool]
    reason: str


class UpdateBioTemplateRequest(TypedDict):
    name: NotRequired[str]
    description: NotRequired[str | None]
    tokens: NotRequired[list[ThemeToken]]
    thumbnail: NotRequired[str | None]
    active: NotRequired[bool]
    sortOrder: NotRequired[int]


MailSample: TypeAlias = Literal["TYPICAL", "LONG", "UNKNOWN"]


class MailPreview(TypedDict):
    name: str
    locale: common.Locale
    sample: MailSample
    subject: str
    html: str
    text: str


ContentSection: TypeAlias = Literal["blog", "help", "faq"]


class EditedCategory(TypedDict):
    id: str
    slug: str
    locale: str
    name: str
    description: str | None
    icon: str | None
    iconBackground: str | None
    active: bool


class ContentCategories(TypedDict):
    kind: ContentSection
    version: int
    items: list[EditedCategory]


class SetContentCategory(TypedDict):
    id: NotRequired[str]
    slug: str
    locale: common.Locale
    name: str
    description: NotRequired[str | None]
    icon: NotRequired[str | None]
    iconBackground: NotRequired[str | None]
    active: bool


class SetContentCategoriesRequest(TypedDict):
    items: list[SetContentCategory]


ContentState: TypeAlias = Literal["DRAFT", "SCHEDULED", "LIVE", "ARCHIVED"]


class ContentEntry(TypedDict):
    id: str
    kind: common.ContentKind
    slug: str | None
    locale: str | None
    title: str
    state: ContentState
    draft: int
    liveRevision: int | None
    scheduledAt: str | None
    publishedAt: str | None
    createdBy: str | None
    createdAt: str
    updatedAt: str
    version: int


class ContentEntries(TypedDict):
    items: list[ContentEntry]
    nextCursor: str | None


class PageFields(TypedDict):
    kind: Literal["page"]
    slug: str
    locale: common.Locale
    title: str
    html: str


class PostFields(TypedDict):
    kind: Literal["post"]
    slug: str
    locale: common.Locale
    title: str
    excerpt: NotRequired[str | None]
    image: NotRequired[str | None]
    html: str
    categoryIds: list[str]


class ArticleFields(TypedDict):
    kind: Literal["article"]
    slug: str
    locale: common.Locale
    title: str
    excerpt: NotRequired[str | None]
    icon: NotRequired[str | None]
    html: str
    categoryId: str
    isFeatured: bool


class FaqFields(TypedDict):
    kind: Literal["faq"]
    locale: common.Locale
    question: str
    answer: str
    categoryId: str
    sortOrder: int


AnnouncementLocale: TypeAlias = Literal["en", "tr", "de", "fr", "es", "pt", "it", "nl", "pl", "ru", "uk", "ar", "he", "fa", "hi", "id", "ja", "ko", "zh", "vi", None]


class AnnouncementFields(TypedDict):
    kind: Literal["announcement"]
    title: str
    html: str
    type: common.AnnouncementType
    locale: NotRequired[AnnouncementLocale]
    startsAt: NotRequired[str | None]
    endsAt: NotRequired[str | None]


LegalSlug: TypeAlias = Literal["privacy", "terms"]


class LegalFields(TypedDict):
    kind: Literal["legal"]
    slug: LegalSlug
    locale: common.Locale
    title: str
    html: str


ContentFields: TypeAlias = PageFields | PostFields | ArticleFields | FaqFields | AnnouncementFields | LegalFields


class ShownPublication(TypedDict):
    revision: int
    slug: str | None
    locale: str | None
    title: str
    html: str
    readTimeMinutes: int | None
    shownFrom: str
    shownUntil: str | None
    label: str | None
    requiresConsent: bool
    summary: str | None


class ContentInFull(TypedDict):
    entry: ContentEntry
    fields: ContentFields
    html: str
    removed: list[str]
    live: ShownPublication | None
    scheduled: ShownPublication | None
    version: int


class PageChanges(TypedDict):
    kind: Literal["page"]
    slug: NotRequired[str]
    locale: NotRequired[common.Locale]
    title: NotRequired[str]
    html: NotRequired[str]


class PostChanges(TypedDict):
    kind: Literal["post"]
    slug: NotRequired[str]
    locale: NotRequired[common.Locale]
    title: NotRequired[str]
    excerpt: NotRequired[str | None]
    image: NotRequired[str | None]
    html: NotRequired[str]
    categoryIds: NotRequired[list[str]]


class ArticleChanges(TypedDict):
    kind: Literal["article"]
    slug: NotRequired[str]
    locale: NotRequired[common.Locale]
    title: NotRequired[str]
    excerpt: NotRequired[str | None]
    icon: NotRequired[str | None]
    html: NotRequired[str]
    categoryId: NotRequired[str]
    isFeatured: NotRequired[bool]


class FaqChanges(TypedDict):
    kind: Literal["faq"]
    locale: NotRequired[common.Locale]
    question: NotRequired[str]
    answer: NotRequired[str]
    categoryId: NotRequired[str]
    sortOrder: NotRequired[int]


class AnnouncementChanges(TypedDict):
    kind: Literal["announcement"]
    title: NotRequired[str]
    html: NotRequired[str]
    type: NotRequired[common.AnnouncementType]
    locale: NotRequired[AnnouncementLocale]
    startsAt: NotRequired[str | None]
    endsAt: NotRequired[str | None]


class LegalChanges(TypedDict):
    kind: Literal["legal"]
    title: NotRequired[str]
    html: NotRequired[str]


ContentChanges: TypeAlias = PageChanges | PostChanges | ArticleChanges | FaqChanges | AnnouncementChanges | LegalChanges


class PublishContentRequest(TypedDict):
    revision: int
    publishAt: NotRequired[str]
    effectiveAt: NotRequired[str]
    requiresConsent: NotRequired[bool]
    summary: NotRequired[str]
    reason: NotRequired[str]


class UnpublishContentRequest(TypedDict):
    reason: NotRequired[str]


class RestoreContentRequest(TypedDict):
    revision: int


class PreviewContentRequest(TypedDict):
    revision: int
    minutes: int


class ContentPreviewLink(TypedDict):
    url: str
    expiresAt: str


class ContentRevision(TypedDict):
    number: int
    title: str
    authorId: str | None
    createdAt: str
    updatedAt: str
    published: bool


class ContentRevisions(TypedDict):
    items: list[ContentRevision]
    nextCursor: str | None


class TextChange(TypedDict):
    change: Literal["SAME", "REMOVED", "ADDED"]
    text: str


class FieldChange(TypedDict):
    field: str
    parts: list[TextChange]


class ContentRevisionInFull(TypedDict):
    number: int
    authorId: str | None
    createdAt: str
    updatedAt: str
    published: bool
    fields: ContentFields
    against: int | None
    changes: list[FieldChange]


class CaseLook(TypedDict):
    at: str
    username: str | None
    displayName: str | None
    bio: str | None
    avatarUrl: str | None
    title: str | None
    url: str | None


class CaseFlag(TypedDict):
    at: str
    scope: str
    text: str
    rules: list[str]


class CaseEvidence(TypedDict):
    username: str | None
    displayName: str | None
    bio: str | None
    avatarUrl: str | None
    title: str | None
    url: str | None
    later: list[CaseLook]
    flags: list[CaseFlag]


class CaseReport(TypedDict):
    id: str
    category: str
    explanation: str
    userId: str | None
    name: str | None
    email: str | None
    createdAt: str


class CaseEvent(TypedDict):
    action: str
    actorId: str | None
    reason: str | None
    at: str


class ModerationCaseInFull(TypedDict):
    id: str
    targetType: CaseTargetType
    targetId: str
    userId: str
    username: str | None
    origin: CaseOrigin
    category: str | None
    state: CaseState
    notices: int
    assigneeId: str | None
    createdAt: str
    claimedAt: str | None
    decidedAt: str | None
    evidence: CaseEvidence
    reports: list[CaseReport]
    history: list[CaseEvent]


class ApproveCaseRequest(TypedDict):
    note: str


class RejectCaseRequest(TypedDict):
    type: Literal["VISIBILITY_REMOVED", "ACCOUNT_SUSPENDED", "ACCOUNT_BANNED"]
    parts: NotRequired[list[Literal["username", "displayName", "bio", "avatar"]]]
    statement: Statement
    until: NotRequired[str]
    reason: str


class UpdateRuleRequest(TypedDict):
    pattern: NotRequired[str]
    match: NotRequired[RuleMatch]
    scopes: NotRequired[list[RuleScope]]
    action: NotRequired[RuleAction]
    locale: NotRequired[Literal["en", "tr", "de", "fr", "es", "pt", "it", "nl", "pl", "ru", "uk", "ar", "he", "fa", "hi", "id", "ja", "ko", "zh", "vi", None]]


class TwoFactorRecoveryRequest(TypedDict):
    evidence: str
    reason: str


class EmailRecoveryRequest(TypedDict):
    newEmail: str
    evidence: str
    reason: str


class ReplaceUsernameRequest(TypedDict):
    username: str
    statement: Statement
    reason: str


class AccountUsername(TypedDict):
    userId: str
    username: str
    version: int


class RequestErasureRequest(TypedDict):
    skipGrace: NotRequired[bool]
    reason: str


class AccountErasure(TypedDict):
    id: str
    status: Literal["PENDING"]
    gracePeriodEnds: str


class CancelErasureRequest(TypedDict):
    reason: str


class CancelRecoveryRequest(TypedDict):
    reason: str


class ChangeStatusRequest(TypedDict):
    status: Literal["ACTIVE", "SUSPENDED", "BANNED"]
    until: NotRequired[str]
    statement: NotRequired[Statement]
    reason: str


class AccountStatus(TypedDict):
    id: str
    status: common.UserStatus
    until: str | None
    banId: str | None
    statementId: str | None
    version: int


class LiftRequest(TypedDict):
    reason: str


class EarlierAppeal(TypedDict):
    id: str
    type: AppealType
    status: AppealStatus
    outcome: AppealOutcome
    createdAt: str


class AppealInFull(TypedDict):
    appeal: AppealToReview
    statement: NotRequired[StatementOfReasons]
    earlier: list[EarlierAppeal]


class DecideAppealRequest(TypedDict):
    outcome: Literal["GRANTED", "PARTLY", "DENIED"]
    explanation: str
    until: NotRequired[str]


class UpdateContactMessageRequest(TypedDict):
    state: ContactMessageState


class SetConfigRequest(TypedDict):
    value: ConfigValue
    reason: str
    until: NotRequired[str]


class ResetConfigRequest(TypedDict):
    reason: str


ConfigBefore: TypeAlias = bool | int | str | list[str] | Nothing


ConfigAfter: TypeAlias = bool | int | str | list[str] | Nothing


ConfigChange = TypedDict(
    "ConfigChange",
    {
        "id": str,
        "version": int,
        "from": ConfigBefore,
        "to": ConfigAfter,
        "until": str | None,
        "by": str | None,
        "source": Literal["STAFF", "COMMAND"],
        "reason": str | None,
        "at": str,
    },
)


class ConfigHistory(TypedDict):
    items: list[ConfigChange]
    nextCursor: str | None


class RollBackConfigRequest(TypedDict):
    historyId: str
    reason: str


class SetSwitchRequest(TypedDict):
    on: bool
    reason: str
    until: NotRequired[str]


class RunRecurringJobRequest(TypedDict):
    reason: str


class ProviderOrderRequest(TypedDict):
    active: str
    failover: list[str]
    force: NotRequired[bool]
    reason: str


class ProviderSettingValue(TypedDict):
    key: str
    value: str | None


class ProviderSettingsRequest(TypedDict):
    values: list[ProviderSettingValue]
    reason: str


class ProviderSettings(TypedDict):
    family: str
    name: str
    version: int
    settings: list[ProviderSetting]


class ProviderTestRequest(TypedDict):
    to: NotRequired[str]
    token: NotRequired[str]
    address: NotRequired[str]


class OAuthSettingsRequest(TypedDict):
    enabled: NotRequired[bool]
    loginEnabled: NotRequired[bool]
    clientId: NotRequired[str | None]
    audiences: NotRequired[list[str]]
    clientSecret: NotRequired[str | None]
    redirectUri: NotRequired[str | None]
    issuer: NotRequired[str | None]
    jwksUri: NotRequired[str | None]
    tokenEndpoint: NotRequired[str | None]
    userinfoEndpoint: NotRequired[str | None]
    reason: str


class SetLanguageRequest(TypedDict):
    name: str
    nativeName: str
    isRtl: bool
    isDefault: bool
    active: bool
    sortOrder: int


class WriteTranslationRequest(TypedDict):
    text: str
    submit: NotRequired[bool]


class TicketOwner(TypedDict):
    id: str
    username: str | None
    displayName: str | None
    email: str


class MessageForStaff(TypedDict):
    id: str
    ticketId: str
    authorType: common.TicketAuthorType
    authorId: str | None
    authorName: str | None
    internal: bool
    content: str
    createdAt: str


class TicketInFull(TypedDict):
    id: str
    userId: str
    categoryId: str | None
    subject: str
    status: common.TicketStatus
    priority: common.TicketPriority
    assignedTo: str | None
    waitingSince: str | None
    resolvedAt: str | None
    closedAt: str | None
    createdAt: str
    updatedAt: str
    version: int
    owner: TicketOwner
    category: dict[str, Any] | None
    messages: list[MessageForStaff]


class UpdateTicketRequest(TypedDict):
    assignedTo: NotRequired[str | None]
    priority: NotRequired[common.TicketPriority]
    categoryId: NotRequired[str | None]
    takeOver: NotRequired[bool]


class WriteTicketRequest(TypedDict):
    content: str


class MoveTicketRequest(TypedDict):
    to: common.TicketStatus
    reason: NotRequired[str]
