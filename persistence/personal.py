"""Where data about people is kept, table by table: what an export shows of it, and what an erasure leaves.

An export holds what is the person's own. Of what others did to them it tells only ``DONE_TO_YOU``: what and when.
``PERSONAL`` and ``NOT_PERSONAL`` together name every table that could know a person; a test walks the models and fails
for one that stands in neither.
"""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, literal_column, or_, select, update

from domain.keys import DigestsOf
from domain.users import tombstones_of
from persistence.engine.connection import Connection
from persistence.models import (
    Adjustment,
    Appeal,
    AuditLog,
    BackupCode,
    Ban,
    BankDetail,
    Base,
    BioLink,
    BioPage,
    BlockList,
    Challenge,
    ConfigChange,
    ConsentRecord,
    ContactMessage,
    ContentEntry,
    ContentRevision,
    CouponUsage,
    CreatorCategory,
    CreatorProfile,
    CreatorSearch,
    CredentialChange,
    DailySum,
    DailyValue,
    DataExport,
    DmPackage,
    EmailChange,
    EmailDelivery,
    EmailSubscriber,
    EmailVerification,
    Escrow,
    GdprRequest,
    KnownDevice,
    KycSession,
    LegalNotice,
    MailboxMessage,
    ModerationCase,
    ModerationNotice,
    OutboxJob,
    PageView,
    PasswordReset,
    Payment,
    Payout,
    PayoutAccount,
    PromoGrant,
    ProviderEvent,
    ReactivationToken,
    RecentlyViewed,
    RecoveryRequest,
    ReferralLink,
    ReferralLinkAlias,
    ReferralReward,
    Refund,
    Session,
    SmsDelivery,
    SocialAccount,
    SocialMetrics,
    StaffRole,
    StatementOfReasons,
    TaxForm,
    Ticket,
    TicketMessage,
    TicketNote,
    Upload,
    User,
    UsernameHistory,
    UserNote,
    UserSettings,
    Wallet,
    WalletActivity,
)
from persistence.models.platform import Delivery

BATCH = 200
SECRET = "a secret of the account: whoever reads the archive could use it"  # noqa: S105 - the reason, no secret
STAFF = "who of the staff it was: decisions are those of the platform"
BOOKS = "books are kept by law; they hold ids and amounts"
INTERNAL = "a counter of our own that tells nothing about the person"


@dataclass(frozen=True, slots=True)
class Subject:
    """A person by all the names that rows know.

    ``addresses`` and ``phones``: the present one, then former ones and such as were asked for. What somebody else holds
    by now is not among them. ``asked_for`` are those of them that never were proven to be this person's.
    """

    user_id: UUID
    addresses: tuple[str, ...]
    phones: tuple[str, ...] = ()
    asked_for: frozenset[str] = frozenset()

    @property
    def email(self) -> str:
        return self.addresses[0]

    @property
    def names(self) -> tuple[str, ...]:
        return self.addresses + self.phones

    @property
    def proven(self) -> tuple[str, ...]:
        """What others were sent at the rest is not this person's to read."""
        return tuple(name for name in self.names if name not in self.asked_for)


Where = Callable[[Subject], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Delete:
    """Rows go."""


@dataclass(frozen=True, slots=True)
class Anonymise:
    """Rows stay without what is personal; ``columns`` are given these values, and ``why`` says what the rest is for."""

    why: str
    columns: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Keep:
    """Rows stay as they are, because nothing in them leads to a person once the account is anonymous."""

    why: str


@dataclass(frozen=True, slots=True)
class Personal:
    """One table. ``shown`` is False, with ``why``, where an export has nothing to tell of it.

    ``where`` are the person's own rows, never those of somebody else that name the person. ``withheld`` names the
    columns that no export shows, each with its reason. ``erased`` are the rows that an erasure covers, where these are
    more than the person's own: who blocks somebody is not told to them.
    """

    model: type[Base]
    about: str
    where: Where
    erasure: Delete | Anonymise | Keep
    withheld: Mapping[str, str] = field(default_factory=dict)
    shown: bool = True
    why: str = ""
    erased: Where | None = None

    @property
    def name(self) -> str:
        return str(self.model.__tablename__)

    @property
    def columns(self) -> list[Any]:
        return [column for column in self.model.__table__.columns if column.name not in self.withheld]


def _of(model: Any, column: str = "user_id") -> Where:
    owner: ColumnElement[UUID] = getattr(model, column)
    return lambda subject: owner == subject.user_id


def _own_jobs(subject: Subject) -> ColumnElement[bool]:
    # Written out, as the index has it: a plan made for any key could not use that.
    own: ColumnElement[bool] = OutboxJob.payload.op("->>")(literal_column("'user'")) == str(subject.user_id)
    return own


def _mailed(subject: Subject) -> ColumnElement[bool]:
    return MailboxMessage.recipient.in_(subject.proven)


def _mailed_by_any_name(subject: Subject) -> ColumnElement[bool]:
    return MailboxMessage.recipient.in_(subject.names)


def _challenged(subject: Subject) -> ColumnElement[bool]:
    """What was sent to the person's phone for nobody's account goes too; another account's wish is its own."""
    nobodys = and_(Challenge.user_id.is_(None), Challenge.phone.in_(subject.phones))
    return or_(Challenge.user_id == subject.user_id, nobodys) if subject.phones else _of(Challenge)(subject)


def _wished_for(subject: Subject) -> ColumnElement[bool]:
    """Own wishes, and such of others for the present address, which they never proved to be theirs."""
    theirs = and_(EmailChange.new_email == subject.email, EmailChange.used_at.is_(None))
    return or_(EmailChange.user_id == subject.user_id, theirs)


def _reported(subject: Subject) -> ColumnElement[bool]:
    """Reports of the account, and such of nobody's account that state one of its addresses."""
    stated = and_(ModerationNotice.user_id.is_(None), ModerationNotice.email.in_(subject.addresses))
    return or_(ModerationNotice.user_id == subject.user_id, stated)


def _contacted(subject: Subject) -> ColumnElement[bool]:
    """By the addresses that are proven: whoever opens an account with somebody else's is not told what they wrote."""
    owner = select(User.id).where(User.id == subject.user_id, User.email_verified)
    return and_(ContactMessage.email.in_(subject.proven), owner.exists())


def _subscribed(subject: Subject) -> ColumnElement[bool]:
    """As ``_contacted``: by the addresses that are proven. Those of the person's own page go with the page."""
    owner = select(User.id).where(User.id == subject.user_id, User.email_verified)
    return and_(EmailSubscriber.email.in_(subject.proven), owner.exists())


def _recovered_to(subject: Subject) -> ColumnElement[bool]:
    """Own requests, and such of others for the present address, which did not become theirs."""
    theirs = and_(RecoveryRequest.new_email == subject.email, RecoveryRequest.state != "DONE")
    return or_(RecoveryRequest.user_id == subject.user_id, theirs)


def _of_tickets(column: Any) -> Where:
    """What hangs on tickets of the person."""
    return lambda subject: column.in_(select(Ticket.id).where(Ticket.user_id == subject.user_id))


def _of_creators(column: Any) -> Where:
    """What hangs on the person's creator profile."""
    return lambda subject: column.in_(select(CreatorProfile.id).where(CreatorProfile.user_id == subject.user_id))


def _verified(subject: Subject) -> ColumnElement[bool]:
    """Notices about the person's verifications."""
    of_person = select(KycSession.ref).where(
        KycSession.user_id == subject.user_id, KycSession.provider == ProviderEvent.provider
    )
    return and_(ProviderEvent.family == "kyc", ProviderEvent.object_ref.in_(of_person))


def _of_pages(column: Any) -> Where:
    """What hangs on the person's bio page."""
    pages = select(BioPage.id).join(CreatorProfile, CreatorProfile.id == BioPage.creator_id)
    return lambda subject: column.in_(pages.where(CreatorProfile.user_id == subject.user_id))


def _of_wallets(column: Any) -> Where:
    return lambda subject: column.in_(select(Wallet.id).where(Wallet.user_id == subject.user_id))


def _payments_of(subject: Subject) -> Any:
    return select(Payment.id).join(Wallet, Wallet.id == Payment.wallet_id).where(Wallet.user_id == subject.user_id)


def _aliased(subject: Subject) -> ColumnElement[bool]:
    return ReferralLinkAlias.link_id.in_(select(ReferralLink.id).where(ReferralLink.user_id == subject.user_id))


# An address inside a text is whole between characters that no address has there: jimbob@x is not bob@x.
BEFORE, AFTER = r"(?<![\w.+!#$%&*?^`{|}~-])", r"(?![\w-]|\.\w)"


def _named_in(delivery: type[Delivery], *, proven: bool) -> Where:
    def where(subject: Subject) -> ColumnElement[bool]:
        names = "|".join(map(re.escape, subject.proven if proven else subject.names))
        return delivery.error.regexp_match(f"{BEFORE}(?:{names}){AFTER}", flags="i")

    return where


USER_KEPT = frozenset(
    {"id", "created_at", "email", "status", "email_verified", "two_factor_enabled", "referred_by", "admin_version"}
)


def _nameless() -> dict[str, Any]:
    """Everything but ``USER_KEPT`` goes, columns of later versions too; the address becomes the tombstone."""
    gone = {column.name: None for column in User.__table__.columns if column.name not in USER_KEPT}
    flags = dict.fromkeys(("email_verified", "owner_unproven", "password_due", "two_factor_enabled"), False)
    return gone | flags | {"status": "DELETED"}


TOKEN = {"token_hash": SECRET}
NOT_DELIVERED = Anonymise("that a delivery failed matters to the service, to whom does not", {"error": "erased"})
WORDS_OF_A_SERVER = {"error": "the words of somebody else's server, which may name others", "job_id": INTERNAL}

# In the order of erasure; the account itself is last, because its names lead to the others.
PERSONAL: tuple[Personal, ...] = (
    Personal(
        Session,
        "Sign-ins: when, from which address, network and device.",
        _of(Session),
        Delete(),
        {"counter": INTERNAL},
    ),
    Personal(
        KnownDevice,
        "Devices and networks that you signed in from, so that others can be told to you.",
        _of(KnownDevice),
        Delete(),
        {"device_hash": SECRET, "network": INTERNAL, "area": INTERNAL},
    ),
    Personal(
        EmailVerification, "Links that were mailed to prove your address.", _of(EmailVerification), Delete(), TOKEN
    ),
    Personal(PasswordReset, "Links that were mailed to reset your password.", _of(PasswordReset), Delete(), TOKEN),
    Personal(
        ReactivationToken,
        "Links that were mailed to bring your account back.",
        _of(ReactivationToken),
        Keep("a link in an old mail can still say that the account is gone; the hash leads to nobody, and expires"),
        TOKEN,
    ),
    Personal(
        CredentialChange,
        "Changes of how you sign in, which a mailed link could undo.",
        _of(CredentialChange),
        Delete(),
        TOKEN | {"former": SECRET, "place": INTERNAL, "spent": INTERNAL},
    ),
    Personal(
        Challenge,
        "Codes that you asked for, and sign-ins that waited for a second factor.",
        _of(Challenge),
        Delete(),
        {"token_hash": SECRET, "code_hash": SECRET, "phone_hash": INTERNAL},
        erased=_challenged,
    ),
    Personal(
        BackupCode,
        "When your backup codes were made and used.",
        _of(BackupCode),
        Delete(),
        {"code_hash": SECRET, "kid": INTERNAL},
    ),
    Personal(UserSettings, "Your settings.", _of(UserSettings), Delete()),
    Personal(UsernameHistory, "Usernames that you had.", _of(UsernameHistory), Delete()),
    Personal(
        EmailChange,
        "Other addresses that you had or asked to use.",
        _of(EmailChange),
        Delete(),
        TOKEN | {"undo_hash": SECRET},
        erased=_wished_for,
    ),
    Personal(
        RecoveryRequest,
        "Requests to our support to recover your account.",
        _of(RecoveryRequest),
        Delete(),
        {"stop_hash": SECRET, "proof_hash": SECRET, "as_it_was": INTERNAL}
        | dict.fromkeys(("evidence", "reason"), "what staff looks for helps whoever pretends to be the owner")
        | {"requested_by": "the id of another person"},
        erased=_recovered_to,
    ),
    Personal(
        BlockList,
        "Accounts that you blocked.",
        _of(BlockList, "owner_id"),
        Delete(),
        erased=lambda subject: or_(BlockList.owner_id == subject.user_id, BlockList.blocked_id == subject.user_id),
    ),
    Personal(
        UserNote,
        "Notes that our staff wrote about your account.",
        _of(UserNote),
        Delete(),
        {"author_id": STAFF},
    ),
    Personal(
        TicketNote,
        "Notes that our support wrote about your tickets.",
        _of_tickets(TicketNote.ticket_id),
        Delete(),
        {"author_id": STAFF},
    ),
    Personal(
        TicketMessage,
        "What you and our support wrote to each other.",
        _of_tickets(TicketMessage.ticket_id),
        Delete(),
        {"author_id": STAFF},
    ),
    Personal(
        Ticket,
        "Tickets that you opened with our support.",
        _of(Ticket),
        Delete(),
        {"assigned_to": STAFF, "version": INTERNAL},
    ),
    Personal(
        Appeal,
        "Appeals that you handed in, and what was decided.",
        _of(Appeal),
        Delete(),
        {"assignee": STAFF, "decided_by": STAFF},
    ),
    Personal(Ban, "For how long your account was suspended or banned.", _of(Ban), Delete()),
    Personal(
        StatementOfReasons,
        "Restrictions of your account and your content, with their reasons.",
        _of(StatementOfReasons),
        Anonymise(
            "what was decided, when and on which ground, is reported and must be shown; in whose words it was is not",
            {"facts": "erased", "explanation": "erased", "reference": "erased", "target_id": None, "appeal_hash": None}
            | {"before": {}, "after": {}},
        ),
        {"decided_by": STAFF, "lifted_by": STAFF, "appeal_hash": SECRET},
    ),
    Personal(
        PageView,
        "Visits of your bio page, without anything that names a visitor.",
        _of_pages(PageView.page_id),
        Delete(),
        {"visitor": "what told visitors of one day apart, and is nobody's once its salt is gone"},
    ),
    Personal(DailyValue, "Where visitors of your bio page came from, by day.", _of_pages(DailyValue.page_id), Delete()),
    Personal(DailySum, "How many visited your bio page, by day.", _of_pages(DailySum.page_id), Delete()),
    Personal(RecentlyViewed, "Creators whose pages you looked at last.", _of(RecentlyViewed), Delete()),
    Personal(
        EmailSubscriber,
        "Bio pages whose creators may mail to your address, with or without an account.",
        _subscribed,
        Delete(),
        TOKEN | {"was_listed": INTERNAL},
    ),
    Personal(BioLink, "The links on your bio page.", _of_pages(BioLink.page_id), Delete()),
    Personal(BioPage, "Your bio page.", _of_creators(BioPage.creator_id), Delete(), {"version": INTERNAL}),
    Personal(
        CreatorCategory, "Categories that your page is listed in.", _of_creators(CreatorCategory.creator_id), Delete()
    ),
    Personal(
        CreatorSearch,
        "What your page is found by.",
        _of_creators(CreatorSearch.creator_id),
        Delete(),
        shown=False,
        why="it repeats what the account, the profile and the page say, cut into words",
    ),
    Personal(DmPackage, "What you offer messages for.", _of_creators(DmPackage.creator_id), Delete()),
    Personal(
        CreatorProfile,
        "Your creator profile.",
        _of(CreatorProfile),
        Delete(),
        {"admin_version": INTERNAL},
    ),
    Personal(
        ProviderEvent,
        "What providers told us of verifications of your identity.",
        _verified,
        Delete(),
        shown=False,
        why="what came of it is told by the verifications",
    ),
    Personal(
        KycSession,
        "Verifications of your identity.",
        _of(KycSession),
        Delete(),
        {
            "link": SECRET,
            "looked_at": INTERNAL,
            "identity_hash": "a keyed hash that says nothing to anybody",
            "verified_name": SECRET,
            "twin": "it is about another account as well",
            "changes": INTERNAL,
            "reminded": INTERNAL,
        },
    ),
    Personal(
        BankDetail,
        "The bank account that you are paid at, by the end of its number. All of it is in your payout settings.",
        _of(BankDetail),
        Delete(),
        {"details": SECRET, "decided_by": STAFF, "version": INTERNAL},
    ),
    Personal(
        SocialMetrics,
        "How many follow your accounts at other platforms.",
        _of(SocialMetrics),
        Delete(),
    ),
    Personal(
        SocialAccount,
        "Your accounts at other platforms.",
        _of(SocialAccount),
        Delete(),
        {"access_token": SECRET, "refresh_token": SECRET, "refresh_at": "when we ask the platform next"},
    ),
    Personal(
        StaffRole,
        "Roles that you have as staff.",
        _of(StaffRole),
        Delete(),
        {"reason": "words of colleagues for the audit log", "granted_by": "the id of another person"},
    ),
    Personal(ReferralLinkAlias, "Further codes of your referral links.", _aliased, Delete()),
    Personal(ReferralLink, "Your referral links.", _of(ReferralLink), Delete()),
    Personal(
        ContactMessage,
        "Messages that were sent to us from your address, with or without an account.",
        _contacted,
        Delete(),
    ),
    Personal(LegalNotice, "New versions of legal texts that we told you about.", _of(LegalNotice), Delete()),
    Personal(Upload, "Files that you uploaded, and URLs that you asked for.", _of(Upload), Delete()),
    Personal(DataExport, "Archives of your data.", _of(DataExport), Delete()),
    Personal(
        MailboxMessage,
        "Mails and text messages kept in development.",
        _mailed,
        Delete(),
        {"text": SECRET, "html": SECRET},
        erased=_mailed_by_any_name,
    ),
    Personal(
        EmailDelivery,
        "Mails of which a mail server said that your address took none.",
        _named_in(EmailDelivery, proven=True),
        NOT_DELIVERED,
        WORDS_OF_A_SERVER,
        erased=_named_in(EmailDelivery, proven=False),
    ),
    Personal(
        SmsDelivery,
        "Text messages of which a vendor said that your phone took none.",
        _named_in(SmsDelivery, proven=True),
        NOT_DELIVERED,
        WORDS_OF_A_SERVER,
        erased=_named_in(SmsDelivery, proven=False),
    ),
    Personal(
        OutboxJob,
        "Work about your account that waits to be done.",
        _own_jobs,
        Delete(),
        shown=False,
        why="it repeats what other files say, with secrets sealed among it, and is gone when it is done",
    ),
    Personal(
        ConsentRecord,
        "What you agreed to.",
        _of(ConsentRecord),
        Anonymise(
            "proof that consent was given; without address and device nothing in it leads to a person",
            {"ip_address": None, "user_agent": None},
        ),
    ),
    Personal(
        Escrow,
        "What you paid for messages, and were paid.",
        lambda subject: or_(Escrow.fan_id == subject.user_id, Escrow.creator_user_id == subject.user_id),
        Keep(BOOKS),
        dict.fromkeys(("fan_id", "creator_user_id"), "one of them is another person") | {"commission_bps": INTERNAL},
    ),
    Personal(
        Adjustment,
        "Corrections of your wallets.",
        _of_wallets(Adjustment.wallet_id),
        Keep(BOOKS),
        dict.fromkeys(("requested_by", "decided_by"), STAFF)
        | dict.fromkeys(("reason", "decision"), "what staff says to each other; its owner gets words of their own"),
    ),
    Personal(CouponUsage, "Coupons that you reserved and used.", _of(CouponUsage), Keep(BOOKS)),
    Personal(PromoGrant, "Gifts to your wallet.", _of_wallets(PromoGrant.wallet_id), Keep(BOOKS)),
    Personal(
        WalletActivity,
        "What came into your wallets and went out of them.",
        _of_wallets(WalletActivity.wallet_id),
        Keep(BOOKS),
    ),
    Personal(
        TaxForm,
        "Your tax forms, by the end of their tax numbers. All of the last one is shown to you in your settings.",
        _of(TaxForm),
        Anonymise(
            "books say that a form was there when money was paid, of which kind, and until when it held",
            {"details": None, "tin_last4": None, "statement": None},
        ),
        {"details": SECRET, "decided_by": STAFF, "version": INTERNAL, "reminded": INTERNAL},
    ),
    Personal(
        Refund,
        "What was given back of your payments.",
        lambda subject: Refund.payment_id.in_(_payments_of(subject)),
        Keep(BOOKS),
        {"requested_by": STAFF, "reason": "what staff says to each other", "due_at": INTERNAL},
    ),
    Personal(
        ReferralReward,
        "Rewards for people whom you referred.",
        _of(ReferralReward),
        Keep(BOOKS),
        dict.fromkeys(("referee_id", "payment_id"), "it is about another person")
        | {"why": "it would say how we know that two accounts are one person's, or what another person did"}
        | {"due_at": INTERNAL, "clawed_back": INTERNAL},
    ),
    Personal(
        Payment,
        "Payments by which you loaded your wallet.",
        _of_wallets(Payment.wallet_id),
        Keep(BOOKS),
        {"due_at": INTERNAL, "warned_at": INTERNAL},
    ),
    Personal(
        Payout,
        "What you were paid out, by the end of the account number.",
        _of(Payout),
        Anonymise("books say what was paid, when and how; the account that it went to is wiped", {"destination": None}),
        dict.fromkeys(("first_by", "second_by", "ended_by"), STAFF)
        | {"destination": SECRET, "due_at": INTERNAL, "attempt": INTERNAL, "batch_id": INTERNAL},
    ),
    Personal(
        PayoutAccount,
        "Your accounts at payout providers.",
        _of(PayoutAccount),
        Keep(BOOKS),
        {"leased_until": INTERNAL, "looked_at": INTERNAL, "sign_in_hash": SECRET}
        | {"sign_in_session": INTERNAL, "sign_in_until": INTERNAL},
    ),
    Personal(
        Wallet,
        "Your wallets.",
        _of(Wallet),
        Keep(BOOKS),
        {"shown": INTERNAL},
    ),
    Personal(
        GdprRequest,
        "What you asked for about your data.",
        _of(GdprRequest),
        Keep("proof that the wish was fulfilled; it holds an id and times"),
    ),
    Personal(
        ModerationNotice,
        "What you reported.",
        _of(ModerationNotice),
        Anonymise(
            "the decision rests on what was reported; without name and address nothing leads to who did",
            {"user_id": None, "name": None, "email": None},
        ),
        {
            "case_id": "it is shared with others who reported the same",
            "told_at": INTERNAL,
        },
        erased=_reported,
    ),
    Personal(
        ModerationCase,
        "Cases about what is yours.",
        _of(ModerationCase),
        Anonymise(
            "that something was reported, and how it was decided, is counted; what it was is gone", {"evidence": {}}
        ),
        shown=False,
        why="what was decided is told by its statement of reasons, and who reported it never is",
    ),
    Personal(
        AuditLog,
        "What you did.",
        _of(AuditLog, "actor_id"),
        Keep("append-only by law of the database; it holds ids, keyed hashes and coarse networks, never an address"),
        dict.fromkeys(("reason", "before", "after"), "what staff did to the accounts of others, and why"),
    ),
    Personal(
        ConfigChange,
        "Settings of the platform that you changed as staff.",
        _of(ConfigChange, "actor_id"),
        Anonymise(
            "who runs the platform must see what was changed, and when; the words may name people", {"reason": None}
        ),
        dict.fromkeys(("before", "after"), "settings of the platform, which tell nothing about the person"),
    ),
    Personal(
        ContentEntry,
        "Texts of the platform that you began as staff.",
        _of(ContentEntry, "created_by"),
        Keep("texts of the platform stay; by whom they were begun is an id"),
    ),
    Personal(
        ContentRevision,
        "What you wrote in texts of the platform as staff.",
        _of(ContentRevision, "author_id"),
        Keep("texts of the platform stay; by whom they were written is an id"),
    ),
    Personal(
        User,
        "Your account.",
        _of(User, "id"),
        Anonymise(
            "the tombstone lets the address be recognised, and rows of others keep what they refer to", _nameless()
        ),
        {
            "password_hash": SECRET,
            "password_due": "nobody who could ask for an archive is signed in while it is set",
            "two_factor_secret": SECRET,
            "two_factor_last_step": INTERNAL,
            "admin_version": INTERNAL,
            "referred_by": "the id of another person; the code that you used is theirs",
            "acquired_via_creator_id": "the id of another person's page",
        },
    ),
)

# What an export tells of things that others did to the account, or somebody who was not signed in: when, and nothing
# else. Whatever is not named here is not told: blocks, reports and the work of moderators concern who did them.
DONE_TO_YOU = frozenset(
    {
        "auth.2fa.login.failure",
        "auth.login.failure",
        "auth.oauth.login.failure",
        "auth.refresh.reuse_detected",
    }
)
DONE_TO_YOU_ABOUT = "What others tried on your account, and when. Who it was, and from where, is not told."

# Tables with a column that looks personal, and why it is not.
NOT_PERSONAL: Mapping[str, str] = {
    "unclaimed_balances": "what was left in closed wallets, by their ids and a hash of the code; who claimed it, by id",
    "payout_attempts": "what was asked of providers for payouts, which tell of it, and what staff stated of it, by id",
    "payout_batches": "files of bank transfers, sealed, and who of the staff made them, by id",
    "wallet_freezes": "why wallets are frozen, which wallets and statements of reasons tell",
    "disputes": "what was disputed of payments, which their wallets tell",
    "strays": "money that fits nothing, by ids of sessions; the wallet that it was given to tells of it",
    "sandbox_payments": "a provider's own book, of development and staging alone: ids of payments and amounts",
    "sandbox_payout_accounts": "a provider's own book, of development and staging alone: no names, nothing of ours",
    "sandbox_payouts": "a provider's own book, of development and staging alone: ids of payouts and amounts",
    "ledger_accounts": "what accounts of wallets hold, which the wallets tell",
    "ledger_checkpoints": "what accounts of ours had at a time",
    "ledger_findings": "what is wrong with the ledger, by keys and ids",
    "ledger_reconciliations": "when the ledger was added up",
    "provider_days": "which days of providers' books were read",
    "provider_movements": "lines of providers' books, by their ids of payments and payouts",
    "ledger_entries": "legs of transfers, by ids of accounts",
    "ledger_transfers": "what was posted; the actor is who of the staff asked for it, by id",
    "coupons": "what staff makes for everybody",
    "promo_spends": "of which gifts a price was paid, by ids",
    "audit_sealed": "which seal holds an entry of the audit log, by the entry's own id",
    "publications": "texts of the platform for everybody; who wrote them is told by their entries alone",
    "reserved_usernames": "words that nobody may take; nobody's names",
    "mail_quotas": "counts by a keyed hash of an address, forgotten within a week",
    "mail_suppressions": "keyed hashes of addresses that take or want no mail, forgotten within a month",
    "phone_quotas": "counts by a keyed hash of a phone or an account, forgotten within a week",
    "login_attempts": "counts by a keyed hash of address and network, forgotten within a week",
    "bio_daily_visitors": "what told visitors of one day apart; it goes with the sums of the page",
    "featured_creators": "whom the staff shows; it goes with the profile",
    "trending": "an order of profiles that is made anew every quarter of an hour; it goes with the profile",
    "bio_visit_salts": "random bytes of a day",
    "theme_presets": "how the front ends look: the target is one of these",
    "idempotency_keys": "keyed hashes and sealed answers, forgotten after 24 hours",
}


class PersonalData:
    def __init__(self, connection: Connection, digests: DigestsOf) -> None:
        self._connection = connection
        self._digests = digests

    async def use_snapshot(self) -> None:
        """From here on the unit sees all tables as of one moment. It must not have looked at any before."""
        await self._connection.use_snapshot()

    async def subject(self, user_id: UUID) -> Subject | None:
        columns = (User.email, User.phone, User.phone_verified_at)
        found = await self._connection.row(select(*columns).where(User.id == user_id))
        if found is None:
            return None
        proven, asked_for = await self._known_by(user_id)
        proven.add(found.email)
        (proven if found.phone_verified_at else asked_for).add(found.phone)
        named = proven | asked_for
        addresses: set[str | None] = {name for name in named if name and "@" in name}
        return Subject(
            user_id,
            (found.email, *await self._free(User.email, addresses - {found.email}, user_id)),
            tuple(await self._free(User.phone, named - addresses, user_id)),
            frozenset(name for name in asked_for - proven if name),
        )

    async def _known_by(self, user_id: UUID) -> tuple[set[str | None], set[str | None]]:
        """Addresses and phones that the person proved to read, and such as were asked for."""
        proven: set[str | None] = set()
        asked_for: set[str | None] = set()
        changes = select(EmailChange.former_email, EmailChange.new_email, EmailChange.used_at)
        for former, new, used_at in await self._connection.rows(changes.where(EmailChange.user_id == user_id)):
            proven.add(former)
            (proven if used_at else asked_for).add(new)
        wished = select(RecoveryRequest.new_email).where(RecoveryRequest.user_id == user_id)
        asked_for.update(await self._connection.scalars(wished))
        codes = select(Challenge.phone, Challenge.used_at).where(Challenge.user_id == user_id)
        for phone, used_at in await self._connection.rows(codes):
            (proven if used_at else asked_for).add(phone)
        return proven, asked_for

    async def _free(self, column: Any, names: set[str | None], user_id: UUID) -> list[str]:
        """Those of the names that no other account holds."""
        known = sorted(name for name in names if name)
        taken = set(await self._connection.scalars(select(column).where(column.in_(known), User.id != user_id)))
        return [name for name in known if name not in taken]

    def rows(self, section: Personal, subject: Subject) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        """What an export shows of one table, in batches, the oldest first."""
        keys = section.model.__mapper__.primary_key
        return self._batches(select(*section.columns).where(section.where(subject)).order_by(*keys))

    def done_to(self, subject: Subject) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        """``DONE_TO_YOU``, in batches, the oldest first."""
        row = AuditLog
        by_others = or_(row.actor_id.is_(None), row.actor_id != subject.user_id)
        done = select(row.action, row.created_at).where(row.target_id == str(subject.user_id), by_others)
        return self._batches(done.where(row.action.in_(DONE_TO_YOU)).order_by(row.created_at))

    async def _batches(self, query: Select[*tuple[Any, ...]]) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        async for batch in self._connection.batches(query, BATCH):
            yield [row._asdict() for row in batch]

    async def erase(self, subject: Subject) -> None:
        """Carry out what ``PERSONAL`` says of each table. Afterwards no row holds a name of the person."""
        for section in PERSONAL:
            covered = (section.erased or section.where)(subject)
            if isinstance(section.erasure, Delete):
                await self._connection.execute(delete(section.model).where(covered))
            elif isinstance(section.erasure, Anonymise):
                rows = update(section.model).where(covered)
                await self._connection.execute(rows.values(**section.erasure.columns))
        account = update(User).where(User.id == subject.user_id)
        await self._connection.execute(account.values(email=tombstones_of(subject.email, self._digests)[0]))
        # A code may be a username, and the page that led here the person's. By whom somebody was referred stays, for
        # others count on it.
        referred = update(User).where(User.referred_by == subject.user_id)
        names = dict.fromkeys(("referred_by_code", "first_referrer_url", "first_landing_page"))
        await self._connection.execute(referred.values(names))
