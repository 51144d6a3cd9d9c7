"""What creators are found by."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, ForeignKey, Index, Numeric, SmallInteger, Text, text, true
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Created

STEADY = {"fastupdate": "off"}  # a write is rare, and no search waits until a list of pending ones is worked off


class DiscoverCategory(Created, Base):
    """What creators can be listed in, as staff arranges it. One that is not ``active`` is given to nobody any more."""

    __tablename__ = "discover_categories"

    slug: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=true())
    sort_order: Mapped[int] = mapped_column(server_default=text("0"))


class CreatorCategory(Created, Base):
    """``category``: the slug of one, in lower case. Those given before there was a list may not be in it."""

    __tablename__ = "creator_categories"
    __table_args__ = (Index("ix_creator_categories_category", "category", "creator_id"),)

    creator_id: Mapped[UUID] = mapped_column(
        ForeignKey("creator_profiles.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    category: Mapped[str] = mapped_column(primary_key=True)


class CreatorSearch(Base):
    """A row exists exactly while the creator may be found, and says nothing that other tables do not say.

    ``document``, ``folded``, ``grams`` and ``facets`` are made by ``domain.discover.entries``. ``avg_rating`` is 0
    before the first rating. No name is unique here: what is made of an account must not refuse what the account is.
    """

    __tablename__ = "creator_search"
    __table_args__ = (
        Index("ix_creator_search_document", "document", postgresql_using="gin", postgresql_with=STEADY),
        Index("ix_creator_search_grams", "grams", postgresql_using="gin", postgresql_with=STEADY),
        Index("ix_creator_search_facets", "facets", postgresql_using="gin", postgresql_with=STEADY),
        Index("ix_creator_search_username", "username"),
        Index("ix_creator_search_recent", text("updated_at DESC"), text("creator_id DESC")),
        Index(
            "ix_creator_search_popular",
            text("total_messages DESC"),
            text("total_followers DESC"),
            text("creator_id DESC"),
        ),
        Index("ix_creator_search_rated", text("avg_rating DESC"), text("rating_count DESC"), text("creator_id DESC")),
    )

    creator_id: Mapped[UUID] = mapped_column(
        ForeignKey("creator_profiles.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[UUID]
    username: Mapped[str]
    document: Mapped[str] = mapped_column(TSVECTOR)
    folded: Mapped[str]
    grams: Mapped[list[str]] = mapped_column(ARRAY(Text))
    facets: Mapped[list[str]] = mapped_column(ARRAY(Text))
    tier: Mapped[int] = mapped_column(SmallInteger)
    updated_at: Mapped[datetime]
    total_messages: Mapped[int] = mapped_column(BigInteger)
    total_followers: Mapped[int] = mapped_column(BigInteger)
    avg_rating: Mapped[Decimal] = mapped_column(Numeric(3, 2))
    rating_count: Mapped[int]
    level: Mapped[str]
    card: Mapped[dict[str, Any]]
