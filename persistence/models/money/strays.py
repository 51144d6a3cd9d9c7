"""Money that came and fits nothing of ours."""

from datetime import datetime
from typing import get_args
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.money.payments import StrayState
from persistence.models.base import Base, Created, Identified, one_of


class Stray(Identified, Created, Base):
    """``ref`` is the session at the provider, ``alias`` its other name there, where it has one. ``payment_id`` is the
    payment whose money it would have been.

    ``came_back``: how often it went back and was ours again. ``wallet_id``: whom staff gave it to. ``undone``: how
    often it went back after that, and was the wallet's again. ``away``: what of it is not at the provider, as was told
    last. ``refund_id``: by what the provider knows the last refund that we asked for.
    """

    __tablename__ = "strays"
    __table_args__ = (
        one_of("state", get_args(StrayState)),
        UniqueConstraint("provider", "ref"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("state <> 'CREDITED' OR wallet_id IS NOT NULL", name="credited"),
        CheckConstraint("state <> 'RETURNING' OR refund_id IS NOT NULL AND asked_at IS NOT NULL", name="returning"),
        CheckConstraint("(state IN ('HELD', 'RETURNING')) = (settled_at IS NULL)", name="settled"),
        Index("ix_strays_newest", "created_at", "id"),
        Index("ix_strays_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_strays_returning", "provider", postgresql_where=text("state = 'RETURNING'")),
    )

    provider: Mapped[str]
    ref: Mapped[str]
    alias: Mapped[str | None]
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments.id"))
    wallet_id: Mapped[UUID | None] = mapped_column(ForeignKey("wallets.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="HELD")
    fee: Mapped[int | None] = mapped_column(BigInteger)
    came_back: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    undone: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    away: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    refund_id: Mapped[UUID | None]
    asked_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
