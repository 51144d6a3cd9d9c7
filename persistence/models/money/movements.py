"""What payment and payout providers say that moved, day by day."""

from datetime import date, datetime
from typing import get_args

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.money.movements import Kind
from persistence.models.base import Base, one_of

ZERO = text("0")


class ProviderDay(Base):
    """``account``: in which the ledger has what lies at the provider. ``fault``: why the last try read nothing."""

    __tablename__ = "provider_days"
    __table_args__ = (
        CheckConstraint("compared_at IS NULL OR read_at IS NOT NULL", name="compared"),
        CheckConstraint("(read_at IS NULL) = (lines IS NULL)", name="lines"),
        Index("ix_provider_days_read", "account", "day", postgresql_where=text("read_at IS NOT NULL")),
    )

    account: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    tries: Mapped[int] = mapped_column(server_default=ZERO)
    fault: Mapped[str | None]
    lines: Mapped[int | None]
    read_at: Mapped[datetime | None]
    compared_at: Mapped[datetime | None]


class ProviderMovement(Base):
    """A line of that day: what the provider owes us more, or less. ``ref`` is an id of the provider's."""

    __tablename__ = "provider_movements"
    __table_args__ = (one_of("kind", get_args(Kind)), CheckConstraint("amount <> 0", name="amount"))

    account: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    ref: Mapped[str]
    kind: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
