"""What a job may ask for, by the name of its parameter. Types only: nothing of this is imported at run time."""

from __future__ import annotations

from domain.config_keys import Config
from domain.jobs import Job
from domain.keys import DigestsOf
from persistence.engine.uow import UnitOfWork
from persistence.gdpr import Farewell
from persistence.models import Payment, PayoutAccount, ProviderEvent
from persistence.money.refunds import Asked
from persistence.repositories import Repositories
from providers.families.files import StorageFamily as Storage
from providers.families.money import PaymentFamily as Payments
from providers.families.money import PayoutFamily as PayoutProviders
from services.audit.heads import AuditHeads
from services.audit.seals import AuditSeals
from services.changes import Changes
from services.config.writing import Writer as ConfigWriter
from services.container import Clock, DeviceOf
from services.creators.discovery import SearchReport
from services.creators.kyc import KycDesk as Kyc
from services.creators.payout_accounts import PayoutAccountDesk as PayoutAccounts
from services.creators.recounts import VisitReport
from services.creators.subscriptions import Subscriptions
from services.gdpr.archive import Archives
from services.inspector import Inspector
from services.mailer import Mailer
from services.money.closings import ClosingService as Closings
from services.money.escrows import EscrowService as Escrows
from services.money.gifts import GiftService as Gifts
from services.money.movements import MovementBooks
from services.money.payments import PaymentBooks
from services.money.payout_sending import PayoutBooks
from services.money.payouts import PayoutService as Payouts
from services.money.reconciler import Reconciler
from services.money.rewards import RewardService as Rewards
from services.providers.social import SocialDesk as Social
from services.texter import Texter
from services.urls.operations import OperationUrls
from services.webhooks import Webhooks

__all__ = [
    "Archives",
    "Asked",
    "AuditHeads",
    "AuditSeals",
    "Changes",
    "Clock",
    "Closings",
    "Config",
    "ConfigWriter",
    "DeviceOf",
    "DigestsOf",
    "Escrows",
    "Farewell",
    "Gifts",
    "Inspector",
    "Job",
    "Kyc",
    "Mailer",
    "MovementBooks",
    "OperationUrls",
    "Payment",
    "PaymentBooks",
    "Payments",
    "PayoutAccount",
    "PayoutAccounts",
    "PayoutBooks",
    "PayoutProviders",
    "Payouts",
    "ProviderEvent",
    "Reconciler",
    "Repositories",
    "Rewards",
    "SearchReport",
    "Social",
    "Storage",
    "Subscriptions",
    "Texter",
    "UnitOfWork",
    "VisitReport",
    "Webhooks",
]
