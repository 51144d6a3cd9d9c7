"""What is written for everybody: what staff works on, apart from what the public may see.

A draft has no row of ``publications``, so that no query of the public can meet one.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, ForeignKey, Index, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Created, Identified, one_of

KINDS = ("announcement", "article", "faq", "legal", "page", "post")
SECTIONS = ("blog", "faq", "help")
ONE_PER_SLUG = text("kind IN ('article', 'post')")
ONE_PER_LOCALE = text("kind IN ('legal', 'page')")


class Edition(Base):
    """``number`` moves with each change of what ``name`` stands for; what was made of it before is then out of date."""

    __tablename__ = "editions"

    name: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)


class ContentEntry(Identified, Created, Base):
    """One text through all its revisions. ``draft`` is the number of the newest one, which the entry is found by.

    ``locale`` is empty for everybody's; ``folded`` is the title as a search looks for it.
    """

    __tablename__ = "content_entries"
    __table_args__ = (
        one_of("kind", KINDS),
        Index("uq_content_entries_slug", "kind", "slug", unique=True, postgresql_where=ONE_PER_SLUG),
        Index("uq_content_entries_locale", "kind", "slug", "locale", unique=True, postgresql_where=ONE_PER_LOCALE),
        Index("ix_content_entries_newest", "kind", text("updated_at DESC"), text("id DESC")),
        Index("ix_content_entries_categories", "category_ids", postgresql_using="gin"),
    )

    kind: Mapped[str]
    slug: Mapped[str | None]
    locale: Mapped[str] = mapped_column(server_default="en")
    title: Mapped[str] = mapped_column(server_default="")
    folded: Mapped[str] = mapped_column(server_default="")
    category_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    draft: Mapped[int] = mapped_column(server_default=text("1"))
    version: Mapped[int] = mapped_column(server_default=text("1"))


class ContentRevision(Created, Base):
    """``source``: the fields as their author wrote them, before anything was cleaned."""

    __tablename__ = "content_revisions"

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("content_entries.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    source: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Publication(Identified, Base):
    """A revision as the public sees it from ``shown_from`` on, until ``shown_until`` or for good.

    A later revision ends the former one at the moment at which it is shown itself. ``published_at`` is when the entry
    was first shown, ``updated_at`` when this revision was published. ``folded`` is what a search looks in.
    """

    __tablename__ = "publications"
    __table_args__ = (
        one_of("kind", KINDS),
        Index("uq_publications_revision", "entry_id", "shown_from", unique=True),
        Index("ix_publications_slug", "kind", "slug", "locale"),
        Index("ix_publications_newest", "kind", text("published_at DESC"), text("id DESC")),
        Index("ix_publications_locale", "kind", "locale", text("published_at DESC"), text("id DESC")),
        Index(
            "ix_publications_featured",
            *("kind", "locale", text("published_at DESC"), text("id DESC")),
            postgresql_where=text("featured"),
        ),
        Index("ix_publications_order", "kind", "locale", "sort_order", "id"),
        Index("ix_publications_starts", "kind", text("starts_at DESC NULLS LAST"), "id"),
        Index("ix_publications_ends", "kind", "ends_at", postgresql_where=text("ends_at IS NOT NULL")),
        Index("ix_publications_updated", "kind", text("updated_at DESC"), text("id DESC")),
        Index("ix_publications_from", "kind", "shown_from"),
        Index("ix_publications_until", "kind", "shown_until", postgresql_where=text("shown_until IS NOT NULL")),
        Index("ix_publications_categories", "category_ids", postgresql_using="gin"),
        Index("ix_publications_sanitizer", "sanitizer_version", "id"),
    )

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("content_entries.id"))
    revision: Mapped[int]
    kind: Mapped[str]
    slug: Mapped[str | None]
    locale: Mapped[str]
    title: Mapped[str]
    excerpt: Mapped[str | None]
    html: Mapped[str]
    folded: Mapped[str] = mapped_column(server_default="")
    image: Mapped[str | None]
    icon: Mapped[str | None]
    minutes: Mapped[int | None]
    featured: Mapped[bool] = mapped_column(server_default=text("false"))
    type: Mapped[str | None]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    sort_order: Mapped[int] = mapped_column(server_default=text("0"))
    category_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    published_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    shown_from: Mapped[datetime]
    shown_until: Mapped[datetime | None]
    sanitizer_version: Mapped[int]
    requires_consent: Mapped[bool] = mapped_column(server_default=text("false"))
    summary: Mapped[str | None]
    label: Mapped[str | None]


class ContentCategory(Identified, Created, Base):
    """``kind``: the section that it belongs to."""

    __tablename__ = "content_categories"
    __table_args__ = (
        one_of("kind", SECTIONS),
        Index("uq_content_categories_slug", "kind", "slug", unique=True),
        Index("ix_content_categories_order", "kind", "sort_order", "id"),
    )

    kind: Mapped[str]
    slug: Mapped[str]
    locale: Mapped[str] = mapped_column(server_default="en")
    name: Mapped[str]
    description: Mapped[str | None]
    icon: Mapped[str | None]
    icon_background: Mapped[str | None]
    sort_order: Mapped[int] = mapped_column(server_default=text("0"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
