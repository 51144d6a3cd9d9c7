"""Corrections of balances that staff asks for."""

from datetime import datetime
from typing import get_args
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.money.adjustments import Code, Status
from persistence.models.base import Base, Created, Identified, one_of


class Adjustment(Identified, Created, Base):
    """``amount``: what the wallet's ``account`` gets from ``contra``, or gives where it is negative, in minor units."""

    __tablename__ = "adjustments"
    __table_args__ = (
        one_of("account", get_args(Code)),
        one_of("status", get_args(Status)),
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("(status = 'PENDING') = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_by"),
        CheckConstraint("(decided_at IS NULL) = (decision IS NULL)", name="decision"),
        CheckConstraint("status <> 'APPROVED' OR decided_by <> requested_by", name="two"),
        Index("ix_adjustments_newest", "created_at", "id"),
        Index("ix_adjustments_pending", "created_at", "id", postgresql_where=text("status = 'PENDING'")),
        Index("ix_adjustments_wallet", "wallet_id", "created_at", "id"),
    )

    wallet_id: Mapped[UUID] = mapped_column(ForeignKey("wallets.id"))
    account: Mapped[str]
    contra: Mapped[str]
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(server_default="PENDING")
    reason: Mapped[str]
    requested_by: Mapped[UUID]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    decision: Mapped[str | None]
