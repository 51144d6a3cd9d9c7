"""Where data about people is kept, table by table: what an export shows of it, and what an erasure leaves.

``PERSONAL`` and ``NOT_PERSONAL`` together name every table that could know a person; a test walks the models and fails
for one that stands in neither.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, delete, func, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.users import tombstone_of
from persistence.models import (
    Appeal,
    AuditLog,
    BackupCode,
    Base,
    BlockList,
    Challenge,
    ConsentRecord,
    CreatorProfile,
    DataExport,
    EmailChange,
    EmailDelivery,
    EmailVerification,
    GdprRequest,
    MailboxMessage,
    OutboxJob,
    PasswordReset,
    ReactivationToken,
    ReferralLink,
    ReferralLinkAlias,
    Session,
    SocialAccount,
    Upload,
    User,
    UsernameHistory,
    UserSettings,
)

BATCH = 200
SNAPSHOT = {"isolation_level": "REPEATABLE READ"}
SECRET = "a secret of the account: whoever reads the archive could use it"  # noqa: S105 - the reason, no secret
INTERNAL = "a counter of our own that tells nothing about the person"


@dataclass(frozen=True, slots=True)
class Subject:
    """A person by all the names that rows know."""

    user_id: UUID
    email: str
    phone: str | None


Where = Callable[[Subject], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Delete:
    """Rows go."""


@dataclass(frozen=True, slots=True)
class Anonymise:
    """Rows stay without what is personal; ``columns`` are given these values, and ``why`` says what the rest is for."""

    why: str
    columns: Callable[[Subject], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Keep:
    """Rows stay as they are, because nothing in them leads to a person once the account is anonymous."""

    why: str


@dataclass(frozen=True, slots=True)
class Personal:
    """One table. ``shown`` is False, with ``why``, where an export has nothing to tell of it.

    ``withheld`` names the columns that no export shows, each with its reason. ``erased`` are the rows that an erasure
    covers, where these are more than the person's own: who blocks somebody is not told to them.
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


def _audited(subject: Subject) -> ColumnElement[bool]:
    return or_(AuditLog.actor_id == subject.user_id, AuditLog.target_id == str(subject.user_id))


def _mailed(subject: Subject) -> ColumnElement[bool]:
    return MailboxMessage.recipient.in_([subject.email, *([subject.phone] if subject.phone else [])])


def _challenged(subject: Subject) -> ColumnElement[bool]:
    own = Challenge.user_id == subject.user_id
    return or_(own, Challenge.phone == subject.phone) if subject.phone else own


def _aliased(subject: Subject) -> ColumnElement[bool]:
    return ReferralLinkAlias.link_id.in_(select(ReferralLink.id).where(ReferralLink.user_id == subject.user_id))


def _named_in_deliveries(subject: Subject) -> ColumnElement[bool]:
    names = [subject.email, *([subject.phone] if subject.phone else [])]
    return or_(*(func.strpos(EmailDelivery.error, name) > 0 for name in names))


USER_KEPT = frozenset({"id", "created_at", "email", "status", "email_verified", "two_factor_enabled", "referred_by"})


def _nameless(subject: Subject) -> dict[str, Any]:
    """Everything but ``USER_KEPT`` goes, columns of later versions too."""
    gone = {column.name: None for column in User.__table__.columns if column.name not in USER_KEPT}
    flags = {"email_verified": False, "two_factor_enabled": False}
    return gone | flags | {"email": tombstone_of(subject.email), "status": "DELETED"}


TOKEN = {"token_hash": SECRET}

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
        Challenge,
        "Codes that were sent to your phone, and sign-ins that waited for a second factor.",
        _challenged,
        Delete(),
        {"token_hash": SECRET, "code_hash": SECRET, "phone_hash": INTERNAL},
    ),
    Personal(
        BackupCode, "When your backup codes were made and used.", _of(BackupCode), Delete(), {"code_hash": SECRET}
    ),
    Personal(UserSettings, "Your settings.", _of(UserSettings), Delete()),
    Personal(UsernameHistory, "Usernames that you had.", _of(UsernameHistory), Delete()),
    Personal(
        EmailChange,
        "Other addresses that you asked to use.",
        _of(EmailChange),
        Delete(),
        TOKEN,
        erased=lambda subject: or_(EmailChange.user_id == subject.user_id, EmailChange.new_email == subject.email),
    ),
    Personal(
        BlockList,
        "Accounts that you blocked.",
        _of(BlockList, "owner_id"),
        Delete(),
        erased=lambda subject: or_(BlockList.owner_id == subject.user_id, BlockList.blocked_id == subject.user_id),
    ),
    Personal(Appeal, "Appeals that you handed in.", _of(Appeal), Delete()),
    Personal(CreatorProfile, "Your creator profile.", _of(CreatorProfile), Delete()),
    Personal(
        SocialAccount,
        "Your accounts at other platforms.",
        _of(SocialAccount),
        Delete(),
        {"access_token": SECRET, "refresh_token": SECRET},
    ),
    Personal(ReferralLinkAlias, "Further codes of your referral links.", _aliased, Delete()),
    Personal(ReferralLink, "Your referral links.", _of(ReferralLink), Delete()),
    Personal(Upload, "Files that you uploaded, and URLs that you asked for.", _of(Upload), Delete()),
    Personal(DataExport, "Archives of your data.", _of(DataExport), Delete()),
    Personal(
        MailboxMessage,
        "Mails and text messages kept in development.",
        _mailed,
        Delete(),
        {"text": SECRET, "html": SECRET},
    ),
    Personal(
        EmailDelivery,
        "Answers of mail servers that name your address.",
        _named_in_deliveries,
        Anonymise("that a delivery failed matters to the service, to whom does not", lambda _: {"error": "erased"}),
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
            lambda _: {"ip_address": None, "user_agent": None},
        ),
    ),
    Personal(
        GdprRequest,
        "What you asked for about your data.",
        _of(GdprRequest),
        Keep("proof that the wish was fulfilled; it holds an id and times"),
    ),
    Personal(
        AuditLog,
        "What happened to your account.",
        _audited,
        Keep("append-only by law of the database; it holds ids, keyed hashes and coarse networks, never an address"),
    ),
    Personal(
        User,
        "Your account.",
        _of(User, "id"),
        Anonymise(
            "the tombstone lets the address be recognised, and rows of others keep what they refer to", _nameless
        ),
        {
            "password_hash": SECRET,
            "two_factor_secret": SECRET,
            "two_factor_last_step": INTERNAL,
            "referred_by": "the id of another person; the code that you used is theirs",
        },
    ),
)

# Tables with a column that looks personal, and why it is not.
NOT_PERSONAL: Mapping[str, str] = {
    "reserved_usernames": "words that nobody may take; nobody's names",
    "mail_quotas": "counts by a keyed hash of an address, forgotten within a week",
    "phone_quotas": "counts by a keyed hash of a phone, forgotten within a week",
    "login_attempts": "counts by a keyed hash of address and network, forgotten within a week",
    "idempotency_keys": "keyed hashes and sealed answers, forgotten after 24 hours",
}


class PersonalData:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def hold_still(self) -> None:
        """From here on the unit sees all tables as of one moment. It must not have looked at any before."""
        await self._session.connection(execution_options=SNAPSHOT)

    async def subject(self, user_id: UUID) -> Subject | None:
        found = select(User.id, User.email, User.phone).where(User.id == user_id)
        row = (await self._session.execute(found)).one_or_none()
        return None if row is None else Subject(*row)

    async def rows(self, section: Personal, subject: Subject) -> AsyncIterator[Sequence[RowMapping]]:
        """What an export shows of one table, in batches, the oldest first."""
        keys = section.model.__mapper__.primary_key
        query = select(*section.columns).where(section.where(subject)).order_by(*keys)
        result = await self._session.stream(query, execution_options={"yield_per": BATCH})
        async for batch in result.mappings().partitions(BATCH):
            yield batch

    async def erase(self, subject: Subject) -> None:
        """Carry out what ``PERSONAL`` says of each table. Afterwards no row holds a name of the person."""
        for section in PERSONAL:
            covered = (section.erased or section.where)(subject)
            if isinstance(section.erasure, Delete):
                await self._session.execute(delete(section.model).where(covered))
            elif isinstance(section.erasure, Anonymise):
                rows = update(section.model).where(covered)
                await self._session.execute(rows.values(**section.erasure.columns(subject)))
