"""The creator side of an account, and the page that the world sees of it."""

from datetime import datetime
from decimal import Decimal
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Numeric, false, func, text, true
from sqlalchemy.orm import Mapped, mapped_column

from domain.wire import common
from domain.wire import creators as wire
from persistence.models.base import Base, Created, Identified, one_of

ZERO = text("0")
LEAVING, AWAY = text("creator_status = 'ACTIVE' AND vacation_mode"), text("creator_status = 'VACATION'")
AMOUNT = Numeric(14, 2)


class CreatorProfile(Identified, Created, Base):
    """``creator_status`` is as last stored: whether a creator is on vacation now is computed from flag and times.

    ``discover_excluded``: never trends. ``admin_version`` is what a change by staff must have seen.
    """

    __tablename__ = "creator_profiles"
    __table_args__ = (
        one_of("level", get_args(common.CreatorLevel)),
        one_of("creator_status", get_args(common.CreatorStatus)),
        one_of("kyc_status", get_args(common.KycStatus)),
        one_of("payout_account_status", get_args(wire.PayoutAccountStatus)),
        one_of("dm_type", get_args(wire.MessageType)),
        Index("ix_creator_profiles_newest", "created_at", "id"),
        Index("ix_creator_profiles_level", "level", "created_at", "id"),
        Index("ix_creator_profiles_kyc_status", "kyc_status", "created_at", "id"),
        Index("ix_creator_profiles_creator_status", "creator_status", "created_at", "id"),
        Index("ix_creator_profiles_excluded", "created_at", "id", postgresql_where=text("discover_excluded")),
        Index("ix_creator_profiles_leaving", "vacation_start", postgresql_where=LEAVING),
        Index("ix_creator_profiles_away", "vacation_end", postgresql_where=AWAY),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    level: Mapped[str] = mapped_column(server_default="BRONZE")
    creator_status: Mapped[str] = mapped_column(server_default="ACTIVE")
    kyc_status: Mapped[str] = mapped_column(server_default="NOT_STARTED")
    kyc_provider: Mapped[str | None]
    kyc_provider_id: Mapped[str | None]
    kyc_completed_at: Mapped[datetime | None]
    payout_account_id: Mapped[str | None]
    payout_account_status: Mapped[str] = mapped_column(server_default="NOT_STARTED")
    payout_charges_enabled: Mapped[bool] = mapped_column(server_default=false())
    payout_payouts_enabled: Mapped[bool] = mapped_column(server_default=false())
    dm_type: Mapped[str | None]
    dm_price: Mapped[Decimal | None] = mapped_column(AMOUNT)
    dm_active: Mapped[bool] = mapped_column(server_default=false())
    vacation_mode: Mapped[bool] = mapped_column(server_default=false())
    vacation_start: Mapped[datetime | None]
    vacation_end: Mapped[datetime | None]
    total_earnings: Mapped[Decimal] = mapped_column(AMOUNT, server_default=ZERO)
    total_messages: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    total_followers: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    avg_rating: Mapped[Decimal | None] = mapped_column(Numeric(3, 2))
    rating_count: Mapped[int] = mapped_column(server_default=ZERO)
    discover_excluded: Mapped[bool] = mapped_column(server_default=false())
    admin_version: Mapped[int] = mapped_column(server_default=text("1"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class DmPackage(Identified, Created, Base):
    """What a creator offers, or offered, messages for: one row for each way of paying, of which one may be active."""

    __tablename__ = "dm_packages"
    __table_args__ = (
        one_of("dm_type", get_args(wire.MessageType)),
        Index("uq_dm_packages_creator_id_dm_type", "creator_id", "dm_type", unique=True),
        Index("uq_dm_packages_active", "creator_id", unique=True, postgresql_where=text("active")),
    )

    creator_id: Mapped[UUID] = mapped_column(ForeignKey("creator_profiles.id", ondelete="CASCADE"))
    dm_type: Mapped[str]
    price: Mapped[Decimal | None] = mapped_column(AMOUNT)
    active: Mapped[bool] = mapped_column(server_default=true())


class BioTemplate(Identified, Created, Base):
    """A look that pages can have. One that is not ``active`` is not offered, and stays on the pages that have it."""

    __tablename__ = "bio_templates"
    __table_args__ = (
        Index("uq_bio_templates_name", "name", unique=True),
        Index("ix_bio_templates_offered", "sort_order", "name", "id", postgresql_where=text("active")),
        Index("ix_bio_templates_listed", "sort_order", "name", "id"),
    )

    name: Mapped[str]
    description: Mapped[str | None]
    tokens: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    thumbnail: Mapped[str | None]
    active: Mapped[bool] = mapped_column(server_default=true())
    sort_order: Mapped[int] = mapped_column(server_default=ZERO)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BioPage(Identified, Created, Base):
    """``version`` moves with everything that the page shows: payloads are kept under it. ``updated_at`` moves with what
    the owner changes of it, and lists of the recent go by it.

    The row is the one lock of a page: whoever changes the page, its links, their order or whether messages are on holds
    it first.
    """

    __tablename__ = "bio_pages"

    creator_id: Mapped[UUID] = mapped_column(ForeignKey("creator_profiles.id", ondelete="CASCADE"), unique=True)
    template_id: Mapped[UUID | None] = mapped_column(ForeignKey("bio_templates.id", ondelete="SET NULL"), index=True)
    bio: Mapped[str] = mapped_column(server_default="")
    theme_override: Mapped[dict[str, Any] | None]
    custom_css: Mapped[str | None]
    published: Mapped[bool] = mapped_column(server_default=true())
    embed_enabled: Mapped[bool] = mapped_column(server_default=true())
    email_collection_enabled: Mapped[bool] = mapped_column(server_default=false())
    version: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BioLink(Identified, Created, Base):
    """``paused_by_dm``: switched off because messages were switched on, and to be switched on with their end.

    ``statement_id``: of the restriction because of which nobody sees the link, whatever its owner does. It is no
    foreign key: a link is not shown again because a statement goes.
    """

    __tablename__ = "bio_links"
    __table_args__ = (
        one_of("embed_type", get_args(wire.EmbedType)),
        Index("ix_bio_links_page_id", "page_id", "sort_order", "created_at", "id"),
    )

    page_id: Mapped[UUID] = mapped_column(ForeignKey("bio_pages.id", ondelete="CASCADE"))
    title: Mapped[str]
    url: Mapped[str]
    icon: Mapped[str | None]
    sort_order: Mapped[int] = mapped_column(server_default=ZERO)
    active: Mapped[bool] = mapped_column(server_default=true())
    is_social: Mapped[bool] = mapped_column(server_default=false())
    platform: Mapped[str | None]
    embed_type: Mapped[str | None]
    embed_meta: Mapped[dict[str, Any] | None]
    scheduled_start: Mapped[datetime | None]
    scheduled_end: Mapped[datetime | None]
    paused_by_dm: Mapped[bool] = mapped_column(server_default=false())
    statement_id: Mapped[UUID | None]
    click_count: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
