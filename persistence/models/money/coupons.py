"""Coupons, and who reserved and used them."""

from datetime import datetime
from typing import get_args
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text, true
from sqlalchemy.orm import Mapped, mapped_column

from domain.money.coupons import Kind, Scope, Status, Use
from persistence.models.base import Base, Created, Identified, one_of

RESERVED = text("status = 'RESERVED'")
COUNTED = text("status IN ('RESERVED', 'USED')")


class Coupon(Identified, Created, Base):
    """``value`` in hundredths: of a percent, or of the currency's unit. Other amounts in minor units."""

    __tablename__ = "coupons"
    __table_args__ = (
        one_of("type", get_args(Kind)),
        one_of("applies_to", get_args(Scope)),
        CheckConstraint("value > 0 AND (type <> 'PERCENT' OR value <= 10000)", name="value"),
        CheckConstraint("min_purchase >= 0 AND max_discount > 0", name="amounts"),
        CheckConstraint("max_uses > 0 AND max_uses_per_user > 0", name="limits"),
        CheckConstraint("ends_at > starts_at", name="window"),
        Index("ix_coupons_newest", text("created_at DESC"), text("id DESC")),
        Index("ix_coupons_active", "active", text("created_at DESC"), text("id DESC")),
    )

    code: Mapped[str] = mapped_column(unique=True)
    type: Mapped[str]
    value: Mapped[int]
    applies_to: Mapped[str]
    min_purchase: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    max_discount: Mapped[int | None] = mapped_column(BigInteger)
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    max_uses: Mapped[int | None]
    max_uses_per_user: Mapped[int | None]
    active: Mapped[bool] = mapped_column(server_default=true())
    version: Mapped[int] = mapped_column(server_default=text("1"))


class CouponUsage(Identified, Created, Base):
    """``discount`` of ``amount``, in minor units, as promised. ``settled_at``: when it was no longer reserved."""

    __tablename__ = "coupon_usages"
    __table_args__ = (
        one_of("applies_to", get_args(Use)),
        one_of("status", get_args(Status)),
        CheckConstraint("amount > 0 AND discount BETWEEN 0 AND amount", name="amounts"),
        CheckConstraint("(status = 'RESERVED') = (settled_at IS NULL)", name="settled_at"),
        Index("uq_coupon_usages_reserved", "coupon_id", "user_id", unique=True, postgresql_where=RESERVED),
        Index("ix_coupon_usages_counted", "coupon_id", "user_id", postgresql_where=COUNTED),
        Index("ix_coupon_usages_due", "expires_at", "id", postgresql_where=RESERVED),
        Index("ix_coupon_usages_user_id", "user_id"),
    )

    coupon_id: Mapped[UUID] = mapped_column(ForeignKey("coupons.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    applies_to: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    discount: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(server_default="RESERVED")
    expires_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
