"""All repositories of one connection, each made when it is first asked for."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from domain.keys import DigestsOf
from domain.users import Trace
from persistence.admin.audit import AuditTrail
from persistence.admin.cases import Cases
from persistence.admin.content import ContentTexts
from persistence.admin.content_categories import ContentCategories
from persistence.admin.creators import AdminCreators, Featured
from persistence.admin.discover_categories import DiscoverCategories
from persistence.admin.evidence import Evidence
from persistence.admin.jobs import Jobs
from persistence.admin.languages import Languages
from persistence.admin.overview import Overview
from persistence.admin.providers import ProviderRows
from persistence.admin.recoveries import Recoveries
from persistence.admin.rules import Rules
from persistence.admin.seals import Seals
from persistence.admin.staff import Staff
from persistence.admin.statements import Statements
from persistence.admin.translations import Translations
from persistence.admin.user_notes import UserNotes
from persistence.admin.users import AdminUsers
from persistence.audit import Audit
from persistence.auth import (
    EmailChanges,
    EmailVerifications,
    PasswordResets,
    ReactivationTokens,
    Sessions,
)
from persistence.auth.attempts import LoginAttempts
from persistence.auth.changes import CredentialChanges
from persistence.auth.devices import KnownDevices
from persistence.auth.oauth import OAuthLinks, OAuthProviders, OAuthUsedTokens
from persistence.auth.otp import Challenges
from persistence.auth.sms import SmsBudgets
from persistence.auth.two_factor import SignInChallenges, TwoFactor
from persistence.config import ConfigEntries, ConfigHistory
from persistence.content.categories import Categories
from persistence.content.contact import ContactMessages
from persistence.content.legal import Legal
from persistence.content.previews import Previews
from persistence.content.publications import Publications
from persistence.creators import Creators
from persistence.creators.dm import DmPackages
from persistence.creators.kyc import KycSessions
from persistence.creators.links import BioLinks
from persistence.creators.modes import CreatorModes
from persistence.creators.pages import BioPages
from persistence.creators.sandbox import SandboxVerificationRows
from persistence.creators.social_accounts import SocialAccounts
from persistence.creators.subscribers import Subscribers
from persistence.creators.templates import BioTemplates
from persistence.creators.visits import Visits
from persistence.discover.entries import SearchEntries
from persistence.discover.history import History
from persistence.discover.lists import CreatorLists
from persistence.discover.search import Discovery
from persistence.editions import Editions
from persistence.engine.connection import Connection
from persistence.files import Files
from persistence.gdpr import DataExports, GdprRequests
from persistence.i18n import Texts
from persistence.idempotency import IdempotencyKeys
from persistence.mailbox import Mailbox
from persistence.mails import MailQuotas, MailSuppressions
from persistence.money.adjustments import Adjustments
from persistence.money.books import Books
from persistence.money.closings import Closings
from persistence.money.coupons import Coupons
from persistence.money.debts import Debts
from persistence.money.desk import LedgerDesk
from persistence.money.disputes import Disputes
from persistence.money.escrows import Escrows
from persistence.money.gifts import Gifts
from persistence.money.ledger import Ledger
from persistence.money.movements import Movements
from persistence.money.payments import Payments
from persistence.money.reconciliation import Reconciliations
from persistence.money.refunds import Refunds
from persistence.money.rewards import Rewards
from persistence.money.sandbox import SandboxPaymentRows
from persistence.money.strays import Strays
from persistence.money.tallies import Tallies
from persistence.money.wallets import Wallets
from persistence.notifications import Notifications
from persistence.outbox import Outbox, Seal
from persistence.payouts.accounts import PayoutAccounts
from persistence.payouts.bank_details import BankDetails
from persistence.payouts.batches import PayoutBatches
from persistence.payouts.desk import PayoutDesk
from persistence.payouts.requests import Payouts
from persistence.payouts.sandbox import SandboxPayoutRows
from persistence.payouts.tax_forms import TaxForms
from persistence.personal import PersonalData
from persistence.platform import Figures
from persistence.platform.demo import Demo
from persistence.platform.themes import Themes
from persistence.provider_events import ProviderEvents
from persistence.referral import ReferralLinks
from persistence.schedule import Schedule
from persistence.signing_keys import SigningKeys
from persistence.support.categories import TicketCategories
from persistence.support.desk import Desk
from persistence.support.tickets import Tickets
from persistence.upload import Uploads
from persistence.users import Referrals, Users
from persistence.users.appeals import Appeals
from persistence.users.blocks import Blocks
from persistence.users.consents import Consents
from persistence.users.settings import Settings
from persistence.users.usernames import Usernames

R = TypeVar("R")


class Repository(Generic[R]):
    """One that is made when it is first asked for, of the connection alone where nothing else is said, and kept."""

    def __init__(self, kind: type[R], make: "Callable[[Repositories], R] | None" = None) -> None:
        self.kind = kind
        of_connection: Any = kind
        self._make = make or (lambda db: of_connection(db.connection))

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, db: "Repositories", _owner: type) -> R:
        made = db.__dict__[self._name] = self._make(db)  # found there from now on
        return made


class Repositories:
    """``trace`` goes onto what is left behind for later; ``seal`` hides the secrets of jobs.

    ``digests`` recognises addresses that were erased.
    """

    connection: Connection
    trace: Trace
    seal: Seal
    digests: DigestsOf

    users = Repository(Users, lambda db: Users(db.connection, db.digests))
    staff = Repository(Staff)
    admin_users = Repository(AdminUsers, lambda db: AdminUsers(db.connection, db.users, db.staff))
    user_notes = Repository(UserNotes)
    usernames = Repository(Usernames)
    settings = Repository(Settings)
    blocks = Repository(Blocks)
    contact_messages = Repository(ContactMessages)
    consents = Repository(Consents)
    appeals = Repository(Appeals)
    referrals = Repository(Referrals)
    referral_links = Repository(ReferralLinks)
    rewards = Repository(Rewards)
    creators = Repository(Creators)
    creator_modes = Repository(CreatorModes)
    dm_packages = Repository(DmPackages)
    bio_pages = Repository(BioPages)
    admin_creators = Repository(AdminCreators)
    discover_categories = Repository(DiscoverCategories)
    featured = Repository(Featured)
    creator_lists = Repository(CreatorLists)
    history = Repository(History)
    ledger = Repository(Ledger)
    books = Repository(Books)
    tallies = Repository(Tallies)
    adjustments = Repository(Adjustments)
    debts = Repository(Debts)
    reconciliations = Repository(Reconciliations)
    movements = Repository(Movements)
    ledger_desk = Repository(LedgerDesk)
    payments = Repository(Payments)
    disputes = Repository(Disputes)
    evidence = Repository(Evidence)
    payout_desk = Repository(PayoutDesk)
    refunds = Repository(Refunds)
    payout_batches = Repository(PayoutBatches)
    payout_accounts = Repository(PayoutAccounts)
    strays = Repository(Strays)
    payouts = Repository(Payouts)
    sandbox_payments = Repository(SandboxPaymentRows)
    sandbox_payouts = Repository(SandboxPayoutRows)
    wallets = Repository(Wallets)
    coupons = Repository(Coupons)
    closings = Repository(Closings)
    escrows = Repository(Escrows)
    gifts = Repository(Gifts)
    bank_details = Repository(BankDetails)
    tax_forms = Repository(TaxForms)
    visits = Repository(Visits)
    bio_templates = Repository(BioTemplates)
    bio_links = Repository(BioLinks)
    discovery = Repository(Discovery)
    search_entries = Repository(SearchEntries)
    subscribers = Repository(Subscribers)
    social_accounts = Repository(SocialAccounts)
    demo = Repository(Demo)
    figures = Repository(Figures)
    themes = Repository(Themes)
    sessions = Repository(Sessions)
    email_verifications = Repository(EmailVerifications)
    email_changes = Repository(EmailChanges)
    password_resets = Repository(PasswordResets)
    reactivation_tokens = Repository(ReactivationTokens)
    credential_changes = Repository(CredentialChanges)
    sign_in_challenges = Repository(SignInChallenges)
    two_factor = Repository(TwoFactor)
    login_attempts = Repository(LoginAttempts)
    known_devices = Repository(KnownDevices)
    challenges = Repository(Challenges)
    sms_budgets = Repository(SmsBudgets)
    oauth_providers = Repository(OAuthProviders)
    oauth_links = Repository(OAuthLinks)
    oauth_used_tokens = Repository(OAuthUsedTokens)
    jobs = Repository(Jobs)
    languages = Repository(Languages)
    translations = Repository(Translations)
    texts = Repository(Texts)
    overview = Repository(Overview)
    kyc_sessions = Repository(KycSessions)
    sandbox_verifications = Repository(SandboxVerificationRows)
    providers = Repository(ProviderRows)
    provider_events = Repository(ProviderEvents)
    outbox = Repository(Outbox, lambda db: Outbox(db.connection, db.trace, db.seal))
    notifications = Repository(Notifications, lambda db: Notifications(db.outbox))
    tickets = Repository(Tickets)
    support_desk = Repository(Desk)
    ticket_categories = Repository(TicketCategories)
    statements = Repository(Statements, lambda db: Statements(db.connection, db.users, db.outbox))
    legal = Repository(Legal, lambda db: Legal(db.connection, db.outbox))
    recoveries = Repository(Recoveries)
    audit = Repository(Audit, lambda db: Audit(db.connection, db.trace))
    audit_seals = Repository(Seals)
    audit_trail = Repository(AuditTrail)
    config = Repository(ConfigEntries)
    editions = Repository(Editions)
    categories = Repository(Categories)
    content_previews = Repository(Previews)
    publications = Repository(Publications, lambda db: Publications(db.connection, db.editions))
    config_history = Repository(ConfigHistory)
    signing_keys = Repository(SigningKeys)
    idempotency = Repository(IdempotencyKeys)
    mailbox = Repository(Mailbox)
    mail_quotas = Repository(MailQuotas)
    mail_suppressions = Repository(MailSuppressions)
    cases = Repository(Cases)
    content_texts = Repository(ContentTexts)
    content_categories = Repository(ContentCategories)
    rules = Repository(Rules)
    schedule = Repository(Schedule)
    uploads = Repository(Uploads)
    files = Repository(Files)
    gdpr_requests = Repository(GdprRequests)
    data_exports = Repository(DataExports)
    personal_data = Repository(PersonalData, lambda db: PersonalData(db.connection, db.digests))

    def __init__(self, connection: Connection, trace: Trace, seal: Seal, digests: DigestsOf) -> None:
        self.connection = connection
        self.trace = trace
        self.seal = seal
        self.digests = digests
