"""Objections to what was decided about an account or its content."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Created, Identified

IS_OPEN = text("status IN ('PENDING', 'UNDER_REVIEW')")


class Appeal(Identified, Created, Base):
    """At most one of an account is open. ``ban_id`` is as the person told it."""

    __tablename__ = "appeals"
    __table_args__ = (Index("uq_appeals_open", "user_id", unique=True, postgresql_where=IS_OPEN),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    type: Mapped[str]
    reason: Mapped[str]
    evidence: Mapped[str | None]
    ban_id: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(server_default="PENDING")
