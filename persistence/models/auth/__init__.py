"""Sessions, one-time tokens and the counters that slow guessing down."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, ForeignKey, Identity, Index, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Created, Identified


class Session(Identified, Created, Base):
    """``counter`` is the one of the refresh token that is good now; earlier ones are known by being smaller.

    ``user_id`` is no foreign key: a session may outlive its account, and its bearer is then told so.
    ``confirmed_at``: when its bearer last proved who they are, by the sign-in or later. ``second_factor_at``: when the
    sign-in passed one. ``admin_seen_at``: when, to the minute, it last called an operation of the staff.
    """

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_live", "user_id", postgresql_where=text("revoked_at IS NULL")),)

    user_id: Mapped[UUID] = mapped_column(index=True)
    counter: Mapped[int] = mapped_column(server_default=text("0"))
    rotated_at: Mapped[datetime | None]
    last_active_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    second_factor_at: Mapped[datetime | None]
    admin_seen_at: Mapped[datetime | None]
    user_agent: Mapped[str | None]
    ip: Mapped[str | None]
    country: Mapped[str | None]


class OneTimeToken(Identified, Created):
    """A few live rows per account and kind; the tokens themselves are only in mails."""

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    invalidated_at: Mapped[datetime | None]


LIVE = text("used_at IS NULL AND invalidated_at IS NULL")


class EmailVerification(OneTimeToken, Base):
    __tablename__ = "email_verifications"


class PasswordReset(OneTimeToken, Base):
    __tablename__ = "password_resets"


class ReactivationToken(OneTimeToken, Base):
    __tablename__ = "reactivation_tokens"


class EmailChange(OneTimeToken, Base):
    """``new_email`` becomes the account's when its owner shows the token that was mailed there.

    ``former_email`` is the one that it replaced then: as long as such a row is kept, an erasure knows of both.
    ``undo_hash`` names the row of ``credential_changes`` that puts the former one back.
    """

    __tablename__ = "email_changes"
    __table_args__ = (Index("uq_email_changes_live", "user_id", unique=True, postgresql_where=LIVE),)

    new_email: Mapped[str] = mapped_column(index=True)
    former_email: Mapped[str | None] = mapped_column(index=True)
    undo_hash: Mapped[bytes | None]


class CredentialChange(OneTimeToken, Base):
    """A change of how an account is signed in to, which the address that it had before may undo.

    Each account has as many as it has changes, of which later ones have a higher ``place``. ``former`` is what was
    before, sealed; there is none for the opening of the account. ``spent`` names the backup codes that were used since.
    """

    __tablename__ = "credential_changes"

    kind: Mapped[str]
    place: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    former: Mapped[str | None]
    spent: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))


class Challenge(Identified, Created, Base):
    """An open question: the second factor of a sign-in (``token_hash``) or a code sent to a phone (``code_hash``)."""

    __tablename__ = "challenges"
    __table_args__ = (Index("ix_challenges_phone", "phone", postgresql_where=text("phone IS NOT NULL")),)

    purpose: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    phone: Mapped[str | None]
    phone_hash: Mapped[bytes | None]
    code_hash: Mapped[bytes | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    resend_count: Mapped[int] = mapped_column(server_default=text("0"))
    sent_at: Mapped[datetime | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class BackupCode(Identified, Created, Base):
    """``code_hash`` is keyed, so that forty random bits cannot be tried out by who only has the table.

    ``kid`` names its key, for the doctor; releases before it did not write it.
    """

    __tablename__ = "backup_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    code_hash: Mapped[bytes]
    kid: Mapped[str | None]
    used_at: Mapped[datetime | None]


class LoginAttempt(Base):
    """Failures by ``subject``, a keyed hash of address and network, whether an account exists or not."""

    __tablename__ = "login_attempts"

    subject: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    locked_until: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(index=True)
