"""The book of the sandbox, which plays a payment provider in development and staging. Nobody else looks into it."""

from datetime import datetime
from typing import get_args
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from domain.money.payments import RefundStatus
from domain.money.sandbox import Dispute, Kind, State
from persistence.models.base import Base, Created, Identified, one_of


class SandboxPayment(Identified, Created, Base):
    """``payment_id`` is what we gave it to remember, ``key`` that of the question that it was made for."""

    __tablename__ = "sandbox_payments"
    __table_args__ = (
        one_of("status", get_args(State)),
        one_of("dispute", get_args(Dispute)),
        UniqueConstraint("key"),
    )

    key: Mapped[str]
    payment_id: Mapped[UUID]
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    return_url: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="OPEN")
    dispute: Mapped[str | None]
    expires_at: Mapped[datetime]


class SandboxMovement(Identified, Created, Base):
    """``amount``: what the sandbox owes us more, or less."""

    __tablename__ = "sandbox_movements"
    __table_args__ = (
        one_of("kind", get_args(Kind)),
        Index("ix_sandbox_movements_sandbox", "sandbox_id"),
        Index("ix_sandbox_movements_created_at", "created_at"),
    )

    sandbox_id: Mapped[UUID] = mapped_column(ForeignKey("sandbox_payments.id"))
    kind: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)


class SandboxRefund(Identified, Created, Base):
    """``refund_id`` is what we gave it to remember, None where it was made on the page."""

    __tablename__ = "sandbox_refunds"
    __table_args__ = (
        one_of("status", get_args(RefundStatus)),
        UniqueConstraint("key"),
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_sandbox_refunds_sandbox", "sandbox_id"),
    )

    sandbox_id: Mapped[UUID] = mapped_column(ForeignKey("sandbox_payments.id"))
    key: Mapped[str | None]
    refund_id: Mapped[UUID | None]
    amount: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str]
