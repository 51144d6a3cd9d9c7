"""Generated from the contract by `make spec`."""

from typing import Literal, TypeAlias, TypedDict


Locale: TypeAlias = Literal["en", "tr", "de", "fr", "es", "pt", "it", "nl", "pl", "ru", "uk", "ar", "he", "fa", "hi", "id", "ja", "ko", "zh", "vi"]


class Message(TypedDict):
    message: str


UserStatus: TypeAlias = Literal["ACTIVE", "SUSPENDED", "BANNED", "DELETED", "DEACTIVATED"]


StatementType: TypeAlias = Literal["VISIBILITY_REMOVED", "VISIBILITY_LIMITED", "MONEY_SUSPENDED", "SERVICE_SUSPENDED", "ACCOUNT_SUSPENDED", "ACCOUNT_BANNED"]


StatementTarget: TypeAlias = Literal["USER", "BIO", "LINK", "USERNAME", "MESSAGE"]


StatementGround: TypeAlias = Literal["ILLEGAL", "TERMS"]


StatementEnd: TypeAlias = Literal["LIFTED", "EXPIRED", "REPLACED", "GRANTED", None]


TicketStatus: TypeAlias = Literal["OPEN", "ASSIGNED", "IN_PROGRESS", "WAITING_USER", "WAITING_INTERNAL", "RESOLVED", "CLOSED"]


TicketPriority: TypeAlias = Literal["LOW", "MEDIUM", "HIGH", "URGENT"]


AnnouncementType: TypeAlias = Literal["INFO", "MAINTENANCE", "INCIDENT", "FEATURE", "WARNING"]


ThemeTarget: TypeAlias = Literal["CLIENT", "ADMIN"]


CreatorLevel: TypeAlias = Literal["BRONZE", "SILVER", "GOLD", "PLATINUM"]


KycStatus: TypeAlias = Literal["NOT_STARTED", "PENDING", "APPROVED", "REJECTED", "EXPIRED"]


CreatorDmType: TypeAlias = Literal["FREE", "SINGLE_PAY", "PER_MESSAGE", None]


CreatorStatus: TypeAlias = Literal["ACTIVE", "VACATION", "SUSPENDED", "BANNED", "DEACTIVATED"]


WalletActivityType: TypeAlias = Literal["CREDIT", "DEBIT", "EXPIRY", "CHARGEBACK"]


WalletReference: TypeAlias = Literal["PAYMENT_CHECKOUT", "PAYMENT_REFUND", "DISPUTE", "MESSAGE", "MESSAGE_REFUND", "PAYOUT", "REFERRAL_REWARD", "COUPON", "PROMO", "ADJUSTMENT", "CLOSING", "DEBT"]


PayoutMethod: TypeAlias = Literal["PLATFORM_ACCOUNT", "BANK_TRANSFER"]


PayoutStatus: TypeAlias = Literal["PENDING", "APPROVED", "PROCESSING", "PROCESSED", "FAILED", "CANCELLED", "REJECTED"]


PayoutFailedFor: TypeAlias = Literal["DESTINATION_REJECTED", "DESTINATION_NEGATIVE", "TREASURY_EMPTY", "PROVIDER_REJECTED", "RETURNED", None]


BankRejectedFor: TypeAlias = Literal["NAME_MISMATCH", "UNKNOWN_ACCOUNT", "UNSUPPORTED_BANK", "OTHER", None]


TaxFormType: TypeAlias = Literal["W9", "W8BEN", "W8BEN_E", "OTHER"]


class TaxAddress(TypedDict):
    line: str
    city: str
    region: str | None
    postalCode: str
    country: str


TaxFormState: TypeAlias = Literal["PENDING", "APPROVED", "REJECTED", "REPLACED"]


WebhookEventState: TypeAlias = Literal["RECEIVED", "WAITING", "DONE", "IGNORED", "UNMATCHED", "PARKED"]


class WebhookEvent(TypedDict):
    id: str
    family: str
    provider: str
    externalId: str
    type: str
    objectRef: str | None
    state: WebhookEventState
    pings: int
    tries: int
    waits: int
    fault: str | None
    occurredAt: str | None
    receivedAt: str
    endedAt: str | None


LoadStatus: TypeAlias = Literal["OPEN", "PAID", "EXPIRED", "FAILED"]


TestOutcome: TypeAlias = Literal["OK", "REJECTED", "UNAVAILABLE"]


class ProviderAttempt(TypedDict):
    provider: str
    outcome: TestOutcome
    reason: str | None
    seconds: float


class ProviderTest(TypedDict):
    outcome: TestOutcome
    reason: str | None
    attempts: list[ProviderAttempt]


TicketAuthorType: TypeAlias = Literal["USER", "AGENT", "SYSTEM"]


ContentKind: TypeAlias = Literal["page", "post", "article", "faq", "announcement", "legal"]


class ProviderProbe(TypedDict):
    ok: bool
    found: str
    seconds: float
