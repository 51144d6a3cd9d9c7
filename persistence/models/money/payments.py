"""Payments by which wallets are loaded, and what became of them at their provider."""

from datetime import datetime
from typing import get_args
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.money.payments import MISFITS, REFUND_FAILED_FOR, RefundStatus, Status
from persistence.models.base import Base, Created, Identified, one_of

ZERO = text("0")
DUE = text("due_at IS NOT NULL")
WITH_COUPON = text("coupon_usage_id IS NOT NULL")
OPEN = text("status = 'OPEN'")
ALIASED = text("alias IS NOT NULL")
UNDECIDED = text("closed_at IS NULL")
MISFIT = text("misfit IS NOT NULL")
DECIDED = text("CAST(closed_at IS NOT NULL AS integer)")


class Payment(Created, Base):
    """``provider`` is the one that was active, for good; ``ref`` and ``url`` are its session, None until it answered.
    ``alias`` is another name of that session at the provider, where it has one.

    ``misfit``: money came that the wallet could not be given. ``due_at``: when the provider is asked again.
    ``coupon_usage_id``: the reservation that is used when it is paid. ``warned_at``: when its bank warned of fraud.
    """

    __tablename__ = "payments"
    __table_args__ = (
        one_of("status", get_args(Status)),
        one_of("misfit", MISFITS),
        UniqueConstraint("provider", "ref"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(status = 'PAID') = (paid_at IS NOT NULL)", name="paid"),
        CheckConstraint("(ref IS NULL) = (url IS NULL)", name="bound"),
        CheckConstraint("refunded BETWEEN 0 AND amount", name="refunded"),
        CheckConstraint("disputed BETWEEN 0 AND amount", name="disputed"),
        Index("uq_payments_alias", "provider", "alias", unique=True, postgresql_where=ALIASED),
        Index("ix_payments_wallet", "wallet_id", "created_at"),
        Index("uq_payments_coupon_usage", "coupon_usage_id", unique=True, postgresql_where=WITH_COUPON),
        Index("ix_payments_due_at", "due_at", postgresql_where=DUE),
        Index("ix_payments_newest", "created_at", "id"),
        Index("ix_payments_open", "expires_at", postgresql_where=OPEN),
        Index("ix_payments_misfits", "created_at", "id", postgresql_where=MISFIT),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    wallet_id: Mapped[UUID] = mapped_column(ForeignKey("wallets.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="OPEN")
    provider: Mapped[str]
    ref: Mapped[str | None]
    url: Mapped[str | None]
    alias: Mapped[str | None]
    return_url: Mapped[str]
    refunded: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    disputed: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    fee: Mapped[int | None] = mapped_column(BigInteger)
    misfit: Mapped[str | None]
    expires_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    coupon_usage_id: Mapped[UUID | None] = mapped_column(ForeignKey("coupon_usages.id"))


class Refund(Identified, Created, Base):
    """What a provider gave back, or is asked for. ``ref`` is its id there, None until it answered.

    ``requested_by`` is who of the staff asked for it, or ``PLATFORM``; None where it was made at the provider.
    ``due_at``: when the provider is asked again.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        one_of("status", get_args(RefundStatus)),
        one_of("failed_for", REFUND_FAILED_FOR),
        CheckConstraint("failed_for IS NULL OR status = 'FAILED'", name="failed"),
        UniqueConstraint("provider", "ref"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(status = 'OPEN') = (settled_at IS NULL)", name="settled"),
        CheckConstraint("ref IS NOT NULL OR requested_by IS NOT NULL", name="known"),
        CheckConstraint("(requested_by IS NULL) = (reason IS NULL)", name="reason"),
        Index("ix_refunds_payment", "payment_id"),
        Index("ix_refunds_due_at", "due_at", postgresql_where=DUE),
    )

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"))
    provider: Mapped[str]
    ref: Mapped[str | None]
    amount: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(server_default="DONE")
    requested_by: Mapped[UUID | None]
    reason: Mapped[str | None]
    failed_for: Mapped[str | None]
    settled_at: Mapped[datetime | None] = mapped_column(server_default=func.now())
    due_at: Mapped[datetime | None]


class PaymentDispute(Identified, Created, Base):
    """A payer told the bank that it was not as it should be. ``taken_at`` and ``returned_at``: when it was booked."""

    __tablename__ = "disputes"
    __table_args__ = (
        UniqueConstraint("provider", "ref"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("returned_at IS NULL OR taken_at IS NOT NULL", name="returned"),
        Index("ix_disputes_payment", "payment_id"),
        Index("ix_disputes_undecided", "wallet_id", postgresql_where=UNDECIDED),
        Index("ix_disputes_open_first", DECIDED, text("created_at DESC"), text("id DESC")),
    )

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"))
    wallet_id: Mapped[UUID] = mapped_column(ForeignKey("wallets.id"))
    provider: Mapped[str]
    ref: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    taken_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
