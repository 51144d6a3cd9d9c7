"""Creators as the staff, the visitors of a week and a reader's own history bring them forward."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Double, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Created, Identified

PROFILE = "creator_profiles.id"


class FeaturedCreator(Identified, Created, Base):
    """``version`` is what a change of the entry must have seen."""

    __tablename__ = "featured_creators"
    __table_args__ = (Index("ix_featured_creators_position", "position", "id"),)

    creator_id: Mapped[UUID] = mapped_column(ForeignKey(PROFILE, ondelete="CASCADE"), unique=True)
    position: Mapped[int]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class TrendingCreator(Base):
    """Made anew by a job, as a whole."""

    __tablename__ = "trending"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    creator_id: Mapped[UUID] = mapped_column(ForeignKey(PROFILE, ondelete="CASCADE"), unique=True)
    score: Mapped[float] = mapped_column(Double)


class RecentlyViewed(Base):
    """The creators whom an account looked at last."""

    __tablename__ = "recently_viewed"
    __table_args__ = (
        Index("ix_recently_viewed_newest", "user_id", text("viewed_at DESC"), "creator_id"),
        Index("ix_recently_viewed_creator_id", "creator_id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    creator_id: Mapped[UUID] = mapped_column(ForeignKey(PROFILE, ondelete="CASCADE"), primary_key=True)
    viewed_at: Mapped[datetime]
