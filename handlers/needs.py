"""What a handler may ask for, by the name of its parameter. Types only: nothing of this is imported at run time."""

from __future__ import annotations

from typing import TypeAlias
from uuid import UUID

from contract.permissions import Permissions
from domain.answers.cursors import Walk
from domain.answers.prepared import Prepare
from domain.config_keys import Config
from domain.keys import DigestsOf
from domain.users import Client, Principal
from persistence.engine.uow import UnitOfWork
from persistence.models import Payment
from persistence.payouts.desk import HeldPayout
from persistence.repositories import Repositories
from providers.dns.deliverability import MailRules
from providers.families.accounts import OAuthFamily as OAuth
from providers.families.files import StorageFamily as Storage
from providers.families.money import PaymentFamily as Payments
from providers.families.visitors import GeoIpFamily as GeoIp
from providers.families.visitors import LeakedPasswordsFamily as LeakedPasswords
from services.audit.seals import AuditSeals
from services.callers import PasswordHasher as Hasher
from services.callers import RefreshCarrier as Carrier
from services.callers import Visitor
from services.changes import Changes
from services.config.desk import ConfigDesk
from services.container import (
    AvatarColumns,
    CleanCss,
    Clock,
    DeviceOf,
    DevicesOf,
    Examine,
    QrCode,
    RandomBytes,
    RegionOf,
    Say,
    SayIn,
    SitePaths,
)
from services.creators.kyc import Begun
from services.creators.kyc import KycDesk as Kyc
from services.creators.payout_accounts import PayoutAccountDesk as PayoutAccounts
from services.creators.public_pages import PublicPages
from services.creators.referral_clicks import ReferralClicks
from services.creators.subscriptions import Subscriptions
from services.creators.visits import Visits
from services.current_password import CurrentPassword
from services.editions import Editions
from services.gdpr.erasures import Erasures
from services.gdpr.export_links import ExportLinks
from services.i18n.bundles import Bundles
from services.i18n.wordings import Wordings
from services.mailer import MailTemplates
from services.money.adjustments import AdjustmentService as Adjustments
from services.money.closings import ClosingService as Closings
from services.money.coupons import CouponService as Coupons
from services.money.freezes import FreezeService as Freezes
from services.money.payout_settling import PayoutSettler
from services.money.payouts import PayoutService as Payouts
from services.money.refunds import RefundService as Refunds
from services.money.vault import Vault
from services.platforms import OAuthDirectory as Platforms
from services.providers.desk import ProviderDesk
from services.providers.samples import ProviderSamples
from services.providers.simulations import Simulations
from services.providers.social import SocialDesk as Social
from services.second_factor import SecondFactor
from services.tokens import Tokens
from services.trust.moderation import Moderation
from services.turns import OneByOne
from services.urls.operations import OperationUrls
from services.urls.previews import Previews

RequestId: TypeAlias = UUID
"""Of this call alone, or of all calls with its ``Idempotency-Key``."""

__all__ = [
    "Adjustments",
    "AuditSeals",
    "AvatarColumns",
    "Begun",
    "Bundles",
    "Carrier",
    "Changes",
    "CleanCss",
    "Client",
    "Clock",
    "Closings",
    "Config",
    "ConfigDesk",
    "Coupons",
    "CurrentPassword",
    "DeviceOf",
    "DevicesOf",
    "DigestsOf",
    "Editions",
    "Erasures",
    "Examine",
    "ExportLinks",
    "Freezes",
    "GeoIp",
    "Hasher",
    "HeldPayout",
    "Kyc",
    "LeakedPasswords",
    "MailRules",
    "MailTemplates",
    "Moderation",
    "OAuth",
    "OneByOne",
    "OperationUrls",
    "Payment",
    "Payments",
    "PayoutAccounts",
    "PayoutSettler",
    "Payouts",
    "Permissions",
    "Platforms",
    "Prepare",
    "Previews",
    "Principal",
    "ProviderDesk",
    "ProviderSamples",
    "PublicPages",
    "QrCode",
    "RandomBytes",
    "ReferralClicks",
    "Refunds",
    "RegionOf",
    "Repositories",
    "RequestId",
    "Say",
    "SayIn",
    "SecondFactor",
    "Simulations",
    "SitePaths",
    "Social",
    "Storage",
    "Subscriptions",
    "Tokens",
    "UnitOfWork",
    "Vault",
    "Visitor",
    "Visits",
    "Walk",
    "Wordings",
]
