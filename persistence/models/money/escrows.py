"""Prices that wait for an answer, and gifts."""

from datetime import datetime
from typing import get_args
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.money.escrows import Outcome, Source, Status
from persistence.models.base import Base, Created, Identified, one_of

HELD, RELEASED = text("status = 'HELD'"), text("status = 'RELEASED'")


class Escrow(Identified, Created, Base):
    """``promo``, ``paid`` and ``coupon``: of what the price was paid, which is what goes back. Amounts in minor units.

    ``commission_bps`` is that of the moment of sending, in parts of 10 000.
    """

    __tablename__ = "escrows"
    __table_args__ = (
        one_of("status", get_args(Status)),
        one_of("outcome", get_args(Outcome)),
        CheckConstraint("price > 0 AND promo >= 0 AND paid >= 0 AND coupon >= 0", name="amounts"),
        CheckConstraint("promo + paid + coupon = price", name="parts"),
        CheckConstraint("coupon = 0 OR coupon_usage_id IS NOT NULL", name="coupon"),
        CheckConstraint("commission_bps BETWEEN 0 AND 10000", name="commission"),
        CheckConstraint("(status = 'HELD') = (settled_at IS NULL)", name="settled_at"),
        CheckConstraint("(status = 'HELD') = (outcome IS NULL)", name="settled"),
        CheckConstraint("(status = 'RELEASED') = (outcome IS NOT DISTINCT FROM 'REPLIED')", name="released"),
        CheckConstraint("fan_id <> creator_user_id", name="two"),
        Index("uq_escrows_message", "message_id", unique=True, postgresql_where=HELD),
        Index("ix_escrows_due", "deadline", "id", postgresql_where=HELD),
        Index("ix_escrows_held_by", "fan_id", text("created_at DESC"), text("id DESC"), postgresql_where=HELD),
        Index("ix_escrows_fan", "fan_id", text("created_at DESC"), text("id DESC")),
        Index("ix_escrows_released", "creator_user_id", "settled_at", postgresql_where=RELEASED),
        Index("ix_escrows_creator", "creator_user_id", text("created_at DESC"), text("id DESC")),
    )

    message_id: Mapped[UUID]
    fan_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    creator_user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    currency: Mapped[str]
    price: Mapped[int] = mapped_column(BigInteger)
    promo: Mapped[int] = mapped_column(BigInteger)
    paid: Mapped[int] = mapped_column(BigInteger)
    coupon: Mapped[int] = mapped_column(BigInteger)
    commission_bps: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(server_default="HELD")
    deadline: Mapped[datetime]
    outcome: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    coupon_usage_id: Mapped[UUID | None] = mapped_column(ForeignKey("coupon_usages.id"))


class PromoGrant(Identified, Created, Base):
    """A gift, and what is left of it. What all gifts of a wallet have left is what its account of gifts holds.

    ``ended``: how often what was left expired. There is a second time where some of it was held at the first.
    """

    __tablename__ = "promo_grants"
    __table_args__ = (
        one_of("source", get_args(Source)),
        CheckConstraint("amount > 0 AND remaining BETWEEN 0 AND amount", name="amounts"),
        Index("uq_promo_grants_source", "source", "source_id", unique=True),
        Index("ix_promo_grants_open", "wallet_id", "expires_at", "id", postgresql_where=text("remaining > 0")),
        Index("ix_promo_grants_due", "expires_at", "id", postgresql_where=text("remaining > 0")),
    )

    wallet_id: Mapped[UUID] = mapped_column(ForeignKey("wallets.id"))
    source: Mapped[str]
    source_id: Mapped[UUID]
    amount: Mapped[int] = mapped_column(BigInteger)
    remaining: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[datetime | None]
    ended: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))


class PromoSpend(Base):
    """Of which gifts an escrow was paid, since they are given back as they were."""

    __tablename__ = "promo_spends"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_promo_spends_grant_id", "grant_id"),
    )

    escrow_id: Mapped[UUID] = mapped_column(ForeignKey("escrows.id"), primary_key=True)
    grant_id: Mapped[UUID] = mapped_column(ForeignKey("promo_grants.id"), primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)
