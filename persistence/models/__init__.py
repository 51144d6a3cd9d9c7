from persistence.models.auth import EmailVerification, LoginAttempt, Session
from persistence.models.base import Base
from persistence.models.creators import CreatorProfile
from persistence.models.platform import (
    AuditLog,
    ConfigEntry,
    EmailDelivery,
    IdempotencyKey,
    MailboxMessage,
    OutboxJob,
)
from persistence.models.users import (
    ConsentRecord,
    ReferralLink,
    ReferralLinkAlias,
    ReservedUsername,
    SocialAccount,
    User,
)

__all__ = [
    "AuditLog",
    "Base",
    "ConfigEntry",
    "ConsentRecord",
    "CreatorProfile",
    "EmailDelivery",
    "EmailVerification",
    "IdempotencyKey",
    "LoginAttempt",
    "MailboxMessage",
    "OutboxJob",
    "ReferralLink",
    "ReferralLinkAlias",
    "ReservedUsername",
    "Session",
    "SocialAccount",
    "User",
]
