"""The book of the sandbox, which plays a payout provider in development and staging. Nobody else looks into it."""

from datetime import datetime
from typing import get_args
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.money.sandbox_payouts import State, Transfer
from persistence.models.base import Base, Created, Identified, one_of


class SandboxPayoutAccount(Identified, Created, Base):
    """``key`` is that of the question that it was made for; ``return_url`` where its owner comes back to."""

    __tablename__ = "sandbox_payout_accounts"
    __table_args__ = (one_of("state", get_args(State)), UniqueConstraint("key"))

    key: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="OPEN")
    return_url: Mapped[str | None]


class SandboxPayout(Identified, Created, Base):
    """``payout_id`` is what we gave it to remember; ``account_id`` None of a bank transfer."""

    __tablename__ = "sandbox_payouts"
    __table_args__ = (
        one_of("state", get_args(Transfer)),
        UniqueConstraint("key"),
        Index("ix_sandbox_payouts_account_id", "account_id", text("created_at DESC")),
    )

    key: Mapped[str]
    payout_id: Mapped[UUID]
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("sandbox_payout_accounts.id"))
    state: Mapped[str] = mapped_column(server_default="SENT")
    paid_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]
