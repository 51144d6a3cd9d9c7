"""Visits of bio pages: each as it came, and their sums by day."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.creators.visits import DIMENSIONS
from persistence.models.base import Base, one_of

ZERO = text("0")
PAGE = "bio_pages.id"


class VisitSalt(Base):
    """By which visitors of one UTC day are told apart, on all nodes. Without it nobody is known again."""

    __tablename__ = "bio_visit_salts"

    day: Mapped[date] = mapped_column(primary_key=True)
    salt: Mapped[bytes]


class PageView(Base):
    """``id`` is a UUIDv7 of ``at``. ``link_id`` is of a click, and stays when the link goes."""

    __tablename__ = "bio_page_views"
    __table_args__ = (
        one_of("device", ("mobile", "tablet", "desktop")),
        Index("ix_bio_page_views_page_id", "page_id", "at"),
        Index("ix_bio_page_views_at", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    page_id: Mapped[UUID] = mapped_column(ForeignKey(PAGE, ondelete="CASCADE"))
    at: Mapped[datetime]
    link_id: Mapped[UUID | None]
    visitor: Mapped[bytes]
    device: Mapped[str]
    referrer: Mapped[str | None]
    country: Mapped[str | None]


class DailySum(Base):
    __tablename__ = "bio_daily"
    __table_args__ = (Index("ix_bio_daily_day", "day"),)

    page_id: Mapped[UUID] = mapped_column(ForeignKey(PAGE, ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    views: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    clicks: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    visitors: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)


class DailyValue(Base):
    """How often one value of a dimension was seen. Beyond a number of values the rest count as one."""

    __tablename__ = "bio_daily_values"
    __table_args__ = (
        one_of("dimension", DIMENSIONS),
        ForeignKeyConstraint(["page_id", "day"], ["bio_daily.page_id", "bio_daily.day"], ondelete="CASCADE"),
    )

    page_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    dimension: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)


class DailyVisitor(Base):
    """Who was counted among the visitors of the day already; of no use from the next day on."""

    __tablename__ = "bio_daily_visitors"
    __table_args__ = (
        ForeignKeyConstraint(["page_id", "day"], ["bio_daily.page_id", "bio_daily.day"], ondelete="CASCADE"),
        Index("ix_bio_daily_visitors_day", "day"),
    )

    page_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    visitor: Mapped[bytes] = mapped_column(primary_key=True)
