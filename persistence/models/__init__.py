from persistence.models.appeals import Appeal
from persistence.models.audit import AuditSeal, AuditSealed
from persistence.models.auth import (
    BackupCode,
    Challenge,
    CredentialChange,
    EmailChange,
    EmailVerification,
    LoginAttempt,
    OneTimeToken,
    PasswordReset,
    ReactivationToken,
    Session,
)
from persistence.models.auth.devices import KnownDevice
from persistence.models.auth.oauth import OAuthProvider, OAuthUsedToken
from persistence.models.auth.otp import PhoneQuota
from persistence.models.auth.sms import SmsBudget
from persistence.models.base import Base
from persistence.models.blocks import BlockList
from persistence.models.contact import ContactMessage
from persistence.models.content import ContentCategory, ContentEntry, ContentRevision, Edition, Publication
from persistence.models.creators import BioLink, BioPage, BioTemplate, CreatorProfile, DmPackage
from persistence.models.creators.discover import CreatorCategory, CreatorSearch, DiscoverCategory
from persistence.models.creators.featured import FeaturedCreator, RecentlyViewed, TrendingCreator
from persistence.models.creators.kyc import KycSession
from persistence.models.creators.sandbox import SandboxVerification
from persistence.models.creators.subscribers import EmailSubscriber
from persistence.models.creators.visits import DailySum, DailyValue, DailyVisitor, PageView, VisitSalt
from persistence.models.gdpr import DataExport, GdprRequest
from persistence.models.i18n import Language, Translation
from persistence.models.legal import LegalNotice, LegalVersion
from persistence.models.mails import MailQuota, MailSuppression
from persistence.models.moderation import ModerationCase, ModerationNotice, ModerationRevision, ModerationRule
from persistence.models.money import (
    Adjustment,
    BankDetail,
    Coupon,
    CouponUsage,
    Escrow,
    LedgerAccount,
    LedgerCheckpoint,
    LedgerEntry,
    LedgerFinding,
    LedgerReconciliation,
    LedgerTransfer,
    Payment,
    PaymentDispute,
    PromoGrant,
    PromoSpend,
    Refund,
    SandboxMovement,
    SandboxPayment,
    TaxForm,
    Wallet,
    WalletActivity,
)
from persistence.models.notes import UserNote
from persistence.models.platform import (
    AuditLog,
    ConfigChange,
    ConfigEntry,
    EmailDelivery,
    IdempotencyKey,
    MailboxMessage,
    OutboxJob,
    PlatformStats,
    ProviderFamily,
    ProviderOutcome,
    ProviderProbe,
    ProviderState,
    ScheduledJob,
    SigningKey,
    SmsDelivery,
)
from persistence.models.platform.demo import DemoArea, DemoRow
from persistence.models.platform.themes import ThemePreset
from persistence.models.provider_events import ProviderEvent
from persistence.models.recoveries import RecoveryRequest
from persistence.models.restrictions import Ban, StatementOfReasons
from persistence.models.settings import UserSettings
from persistence.models.staff import StaffRole
from persistence.models.support import Ticket, TicketCategory, TicketCategoryList, TicketMessage, TicketNote
from persistence.models.uploads import Upload
from persistence.models.users import (
    ConsentRecord,
    ReferralLink,
    ReferralLinkAlias,
    ReferralReward,
    ReservedUsername,
    SocialAccount,
    SocialMetrics,
    User,
    UsernameHistory,
)

__all__ = [
    "Adjustment",
    "Appeal",
    "AuditLog",
    "AuditSeal",
    "AuditSealed",
    "BackupCode",
    "Ban",
    "BankDetail",
    "Base",
    "BioLink",
    "BioPage",
    "BioTemplate",
    "BlockList",
    "Challenge",
    "ConfigChange",
    "ConfigEntry",
    "ConsentRecord",
    "ContactMessage",
    "ContentCategory",
    "ContentEntry",
    "ContentRevision",
    "Coupon",
    "CouponUsage",
    "CreatorCategory",
    "CreatorProfile",
    "CreatorSearch",
    "CredentialChange",
    "DailySum",
    "DailyValue",
    "DailyVisitor",
    "DataExport",
    "DemoArea",
    "DemoRow",
    "DiscoverCategory",
    "DmPackage",
    "Edition",
    "EmailChange",
    "EmailDelivery",
    "EmailSubscriber",
    "EmailVerification",
    "Escrow",
    "FeaturedCreator",
    "GdprRequest",
    "IdempotencyKey",
    "KnownDevice",
    "KycSession",
    "Language",
    "LedgerAccount",
    "LedgerCheckpoint",
    "LedgerEntry",
    "LedgerFinding",
    "LedgerReconciliation",
    "LedgerTransfer",
    "LegalNotice",
    "LegalVersion",
    "LoginAttempt",
    "MailQuota",
    "MailSuppression",
    "MailboxMessage",
    "ModerationCase",
    "ModerationNotice",
    "ModerationRevision",
    "ModerationRule",
    "OAuthProvider",
    "OAuthUsedToken",
    "OneTimeToken",
    "OutboxJob",
    "PageView",
    "PasswordReset",
    "Payment",
    "PaymentDispute",
    "PhoneQuota",
    "PlatformStats",
    "PromoGrant",
    "PromoSpend",
    "ProviderEvent",
    "ProviderFamily",
    "ProviderOutcome",
    "ProviderProbe",
    "ProviderState",
    "Publication",
    "ReactivationToken",
    "RecentlyViewed",
    "RecoveryRequest",
    "ReferralLink",
    "ReferralLinkAlias",
    "ReferralReward",
    "Refund",
    "ReservedUsername",
    "SandboxMovement",
    "SandboxPayment",
    "SandboxVerification",
    "ScheduledJob",
    "Session",
    "SigningKey",
    "SmsBudget",
    "SmsDelivery",
    "SocialAccount",
    "SocialMetrics",
    "StaffRole",
    "StatementOfReasons",
    "TaxForm",
    "ThemePreset",
    "Ticket",
    "TicketCategory",
    "TicketCategoryList",
    "TicketMessage",
    "TicketNote",
    "Translation",
    "TrendingCreator",
    "Upload",
    "User",
    "UserNote",
    "UserSettings",
    "UsernameHistory",
    "VisitSalt",
    "Wallet",
    "WalletActivity",
]
