"""Wishes to be exported or erased, and the archives that came of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from domain.gdpr import KINDS, STATUSES
from persistence.models.base import Base, Created, Identified, one_of


class GdprRequest(Identified, Created, Base):
    """A pending erasure is carried out after ``grace_ends_at``; from PROCESSING on nobody stops it."""

    __tablename__ = "gdpr_requests"
    __table_args__ = (
        one_of("kind", KINDS),
        one_of("status", STATUSES),
        Index("uq_gdpr_requests_pending", "user_id", "kind", unique=True, postgresql_where=sql("status = 'PENDING'")),
        Index("ix_gdpr_requests_open", "kind", postgresql_where=sql("status IN ('PENDING', 'PROCESSING')")),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="PENDING")
    grace_ends_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]


class DataExport(Identified, Created, Base):
    """The archive of a completed export. ``downloads`` counts, so that each URL works once.

    That of nobody is removed, then its row.
    """

    __tablename__ = "data_exports"

    request_id: Mapped[UUID | None] = mapped_column(ForeignKey("gdpr_requests.id", ondelete="SET NULL"), unique=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    key: Mapped[str] = mapped_column(unique=True)
    provider: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    downloads: Mapped[int] = mapped_column(server_default=sql("0"))
    expires_at: Mapped[datetime] = mapped_column(index=True)
