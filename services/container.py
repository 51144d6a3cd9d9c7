"""What use cases are given by the names of their parameters, one field for each.

The start is refused where a handler or a job asks for a name that is not here; `tests/services/test_container.py` holds
the types that they expect against these.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from contract.permissions import Permissions
from domain.admin.health import Line
from domain.answers.cursors import Walk
from domain.config_keys import Config
from domain.keys import DigestsOf
from domain.users import Client, Principal
from persistence.engine.uow import UnitOfWork
from persistence.repositories import Repositories
from providers.dns.deliverability import MailRules
from providers.families.accounts import OAuthFamily
from providers.families.files import StorageFamily
from providers.families.money import PaymentFamily, PayoutFamily
from providers.families.visitors import GeoIpFamily, LeakedPasswordsFamily
from services.audit.heads import AuditHeads
from services.audit.seals import AuditSeals
from services.callers import PasswordHasher, RefreshCarrier, Visitor
from services.changes import Changes
from services.config.desk import ConfigDesk
from services.config.writing import Writer
from services.creators.discovery import SearchReport
from services.creators.kyc import KycDesk
from services.creators.payout_accounts import PayoutAccountDesk
from services.creators.public_pages import PublicPages
from services.creators.recounts import VisitReport
from services.creators.referral_clicks import ReferralClicks
from services.creators.style_sheets import StyleSheet
from services.creators.subscriptions import Subscriptions
from services.creators.visits import Visits
from services.current_password import CurrentPassword
from services.editions import Editions
from services.gdpr.archive import Archives
from services.gdpr.erasures import Erasures
from services.gdpr.export_links import ExportLinks
from services.i18n.bundles import Bundles
from services.i18n.wordings import Wordings
from services.inspector import Inspector
from services.mailer import Mailer, MailTemplates
from services.money.adjustments import AdjustmentService
from services.money.closings import ClosingService
from services.money.coupons import CouponService
from services.money.escrows import EscrowService
from services.money.freezes import FreezeService
from services.money.gifts import GiftService
from services.money.movements import MovementBooks
from services.money.payments import PaymentBooks
from services.money.payout_sending import PayoutBooks
from services.money.payout_settling import PayoutSettler
from services.money.payouts import PayoutService
from services.money.reconciler import Reconciler
from services.money.refunds import RefundService
from services.money.rewards import RewardService
from services.money.vault import Vault
from services.passwords import Hasher
from services.platforms import OAuthDirectory
from services.providers.desk import ProviderDesk
from services.providers.samples import ProviderSamples
from services.providers.simulations import Simulations
from services.providers.social import SocialDesk
from services.second_factor import SecondFactor
from services.texter import Texter
from services.tokens import Tokens
from services.trust.moderation import Moderation
from services.turns import OneByOne
from services.urls.operations import OperationUrls
from services.urls.previews import Previews
from services.webhooks import Webhooks

AvatarColumns: TypeAlias = Callable[[Repositories, str, UUID], Awaitable[dict[str, str | None]]]
CleanCss: TypeAlias = Callable[[str, Collection[str]], Awaitable[StyleSheet]]
Clock: TypeAlias = Callable[[], datetime]
DeviceOf: TypeAlias = Callable[[str | None], str | None]
DevicesOf: TypeAlias = Callable[[Collection[str | None]], Awaitable[Mapping[str | None, str | None]]]
Examine: TypeAlias = Callable[[], Awaitable[Sequence[Line]]]
QrCode: TypeAlias = Callable[[str], str]
RandomBytes: TypeAlias = Callable[[int], bytes]
RegionOf: TypeAlias = Callable[[str], str | None]
Say: TypeAlias = Callable[[str], str]
SayIn: TypeAlias = Callable[[str, str], str]
SitePaths: TypeAlias = Collection[str]


@dataclass(frozen=True, kw_only=True)
class Shared:
    """For handlers and jobs."""

    audit_seals: AuditSeals
    changes: Changes
    clock: Clock
    closings: ClosingService
    config: Config
    device_of: DeviceOf
    digests: DigestsOf
    kyc: KycDesk
    operation_urls: OperationUrls
    payments: PaymentFamily
    payout_accounts: PayoutAccountDesk
    payouts: PayoutService
    social: SocialDesk
    storage: StorageFamily
    subscriptions: Subscriptions


@dataclass(frozen=True, kw_only=True)
class Services(Shared):
    """For handlers. They get ``OfCall.hasher`` in place of this one, which does the work."""

    adjustments: AdjustmentService
    freezes: FreezeService
    avatar_columns: AvatarColumns
    bundles: Bundles
    clean_css: CleanCss
    coupons: CouponService
    desk: ConfigDesk
    devices_of: DevicesOf
    editions: Editions
    erasures: Erasures
    examine: Examine
    export_links: ExportLinks
    geoip: GeoIpFamily
    hasher: Hasher
    leaked_passwords: LeakedPasswordsFamily
    mail_rules: MailRules
    mail_templates: MailTemplates
    moderation: Moderation
    oauth: OAuthFamily
    one_by_one: OneByOne
    payout_settler: PayoutSettler
    permissions: Permissions
    platforms: OAuthDirectory
    previews: Previews
    provider_desk: ProviderDesk
    provider_samples: ProviderSamples
    public_pages: PublicPages
    qr_code: QrCode
    random_bytes: RandomBytes
    referral_clicks: ReferralClicks
    refunds: RefundService
    region_of: RegionOf
    say_in: SayIn
    second_factor: SecondFactor
    simulations: Simulations
    site_paths: SitePaths
    tokens: Tokens
    vault: Vault
    visits: Visits
    wordings: Wordings


class OfCall:
    """What belongs to one call, beside its body and its parameters."""

    principal: Principal
    client: Client
    carrier: RefreshCarrier
    current_password: CurrentPassword
    hasher: PasswordHasher
    visitor: Visitor
    say: Say
    walk: Walk
    request_id: UUID
    uow: UnitOfWork
    db: Repositories


@dataclass(frozen=True, kw_only=True)
class JobServices(Shared):
    """For jobs."""

    archives: Archives
    audit_heads: AuditHeads
    config_writer: Writer
    escrows: EscrowService
    gifts: GiftService
    inspector: Inspector
    movement_books: MovementBooks
    reconciler: Reconciler
    rewards: RewardService
    payment_books: PaymentBooks
    payout_books: PayoutBooks
    payout_providers: PayoutFamily
    search_report: SearchReport
    webhooks: Webhooks
    visit_report: VisitReport


class OfJob:
    """What belongs to one job, beside the job itself."""

    uow: UnitOfWork
    mailer: Mailer
    texter: Texter
