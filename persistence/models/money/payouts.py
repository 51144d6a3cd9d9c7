"""What creators are paid out, and the accounts at payout providers to which they are."""

from datetime import datetime
from typing import get_args
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.money.payouts import AttemptState, Method, Outcome, Status
from domain.wire import creators as wire
from persistence.models.base import Base, Created, Identified, one_of

ONE = text("1")
OPEN = text("status IN ('PENDING', 'APPROVED', 'PROCESSING')")
CURRENT = text("closed_at IS NULL")
OPENED = text("closed_at IS NULL AND ref IS NOT NULL")
UNANSWERED = text("closed_at IS NULL AND ref IS NULL")
DUE = text("due_at IS NOT NULL")


class PayoutAccount(Identified, Created, Base):
    """``ref`` is its id at the provider, None until that answered; it is asked under the key of ``id``. Where people
    sign in to show which account is theirs, ``ref`` is an id of ours until they did. ``sign_in_hash`` is that of the
    state with which they must come back, in the session ``sign_in_session``.

    The creator's profile shows the one that is not closed. ``leased_until``: somebody is asking for it. ``held_until``:
    nothing is paid out to it before. ``destination``: a hash of where the provider sends the money on to.
    """

    __tablename__ = "payout_accounts"
    __table_args__ = (
        one_of("status", get_args(wire.PayoutAccountStatus)),
        UniqueConstraint("provider", "ref"),
        Index("uq_payout_accounts_current", "user_id", unique=True, postgresql_where=CURRENT),
        Index("ix_payout_accounts_user_id", "user_id"),
        Index("ix_payout_accounts_looked_at", "looked_at", postgresql_where=OPENED),
        Index("ix_payout_accounts_unanswered", "created_at", postgresql_where=UNANSWERED),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    provider: Mapped[str]
    ref: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default="NOT_STARTED")
    charges_enabled: Mapped[bool] = mapped_column(server_default=text("false"))
    payouts_enabled: Mapped[bool] = mapped_column(server_default=text("false"))
    details_submitted: Mapped[bool] = mapped_column(server_default=text("false"))
    leased_until: Mapped[datetime | None]
    held_until: Mapped[datetime | None]
    destination: Mapped[str | None]
    looked_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    sign_in_hash: Mapped[bytes | None]
    sign_in_session: Mapped[UUID | None]
    sign_in_until: Mapped[datetime | None]


class PayoutBatch(Identified, Created, Base):
    """Bank transfers that are in one file. ``file`` is sealed, and always the same; NULL once it was wiped."""

    __tablename__ = "payout_batches"
    __table_args__ = (
        CheckConstraint("count > 0 AND amount > 0", name="amounts"),
        Index("ix_payout_batches_newest", text("created_at DESC"), text("id DESC")),
    )

    created_by: Mapped[UUID]
    count: Mapped[int]
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    file: Mapped[bytes | None]


class Payout(Identified, Created, Base):
    """Where it goes is fixed when it is requested: ``provider``, and the account there or the sealed ``destination``.

    ``attempt`` numbers the reservation that stands or was the last. ``due_at``: when it is looked at again.
    """

    __tablename__ = "payouts"
    __table_args__ = (
        one_of("method", get_args(Method)),
        one_of("status", get_args(Status)),
        CheckConstraint("amount > 0 AND attempt > 0", name="amounts"),
        CheckConstraint("(method = 'PLATFORM_ACCOUNT') = (account_id IS NOT NULL)", name="account"),
        CheckConstraint("(status = 'PROCESSED') = (processed_at IS NOT NULL)", name="processed"),
        CheckConstraint("(status = 'FAILED') = (failure_reason IS NOT NULL)", name="failed"),
        CheckConstraint("status <> 'APPROVED' OR approved_at IS NOT NULL", name="approved"),
        CheckConstraint("(status IN ('CANCELLED', 'REJECTED')) = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint("second_by IS DISTINCT FROM first_by OR first_by IS NULL", name="two"),
        Index("uq_payouts_open", "user_id", unique=True, postgresql_where=OPEN),
        Index("ix_payouts_user", "user_id", text("created_at DESC"), text("id DESC")),
        Index("ix_payouts_newest", text("created_at DESC"), text("id DESC")),
        Index("ix_payouts_status", "status", text("created_at DESC"), text("id DESC")),
        Index("ix_payouts_due_at", "due_at", postgresql_where=DUE),
        Index("ix_payouts_batch_id", "batch_id", postgresql_where=text("batch_id IS NOT NULL")),
        Index("ix_payouts_account_id", "account_id", postgresql_where=text("account_id IS NOT NULL")),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    wallet_id: Mapped[UUID] = mapped_column(ForeignKey("wallets.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    method: Mapped[str]
    provider: Mapped[str]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("payout_accounts.id"))
    destination: Mapped[bytes | None]
    destination_last4: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default="PENDING")
    attempt: Mapped[int] = mapped_column(SmallInteger, server_default=ONE)
    first_by: Mapped[UUID | None]
    second_by: Mapped[UUID | None]
    approved_at: Mapped[datetime | None]
    processed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]
    failure_reason: Mapped[str | None]
    statement: Mapped[str | None]
    reference: Mapped[str | None]
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("payout_batches.id"))
    due_at: Mapped[datetime | None]


class PayoutAttempt(Created, Base):
    """What was asked of the provider. It stands, with its posting, before the provider is asked.

    ``stated``: what staff says that came of it, while the provider says nothing; ``confirmed_by`` the second of two.
    ``contradicted_at``: since when the provider says that it paid what failed here.
    """

    __tablename__ = "payout_attempts"
    __table_args__ = (
        one_of("state", get_args(AttemptState)),
        one_of("stated", get_args(Outcome)),
        UniqueConstraint("provider", "ref"),
        CheckConstraint(
            "(stated IS NULL) = (stated_by IS NULL) AND (stated IS NULL) = (evidence IS NULL)", name="statement"
        ),
        CheckConstraint("confirmed_by <> stated_by", name="two"),
        CheckConstraint("(state IN ('SENDING', 'SENT')) = (settled_at IS NULL)", name="settled_at"),
    )

    payout_id: Mapped[UUID] = mapped_column(ForeignKey("payouts.id"), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    provider: Mapped[str]
    ref: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="SENDING")
    reason: Mapped[str | None]
    fee: Mapped[int | None] = mapped_column(BigInteger)
    settled_at: Mapped[datetime | None]
    stated: Mapped[str | None]
    stated_by: Mapped[UUID | None]
    confirmed_by: Mapped[UUID | None]
    evidence: Mapped[str | None]
    contradicted_at: Mapped[datetime | None]
