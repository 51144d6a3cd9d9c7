"""Versions of legal texts, and who was told of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.legal import SLUGS
from persistence.models.base import Base, Created, Identified, one_of

STANDS = text("withdrawn_at IS NULL")


class LegalVersion(Identified, Created, Base):
    """A version of a text, in whichever languages it is published.

    ``reached``: the last account that was looked at by who tells people of it; ``told_at``: when that was all of them.
    ``applied_at``: when it became the one that people are asked about. One that was withdrawn before it took effect
    stays, and its label is free again.
    """

    __tablename__ = "legal_versions"
    __table_args__ = (
        one_of("slug", SLUGS),
        Index("uq_legal_versions_label", "slug", "label", unique=True, postgresql_where=STANDS),
    )

    slug: Mapped[str]
    label: Mapped[str]
    effective_at: Mapped[datetime]
    requires_consent: Mapped[bool]
    summary: Mapped[str]
    reached: Mapped[UUID | None]
    told_at: Mapped[datetime | None]
    applied_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class LegalNotice(Base):
    """That an account was told of a version: nobody is told twice, and it can be shown that they were."""

    __tablename__ = "legal_notices"
    __table_args__ = (one_of("slug", SLUGS),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    version_id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str]
    label: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
