"""Objections to what was decided about an account or its content."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Created, Identified

IS_OPEN = text("status IN ('PENDING', 'UNDER_REVIEW')")


class Appeal(Identified, Created, Base):
    """At most one of an account is open. ``ban_id`` is as the person told it, ``statement_id`` what we found by it.

    ``assignee`` and ``decided_by`` are no foreign keys: the ids stay when the accounts of the staff go.
    """

    __tablename__ = "appeals"
    __table_args__ = (
        CheckConstraint("outcome IN ('GRANTED', 'PARTLY', 'DENIED')", name="outcome"),
        Index("uq_appeals_open", "user_id", unique=True, postgresql_where=IS_OPEN),
        Index("ix_appeals_oldest", "created_at", "id"),
        Index("ix_appeals_status", "status", "created_at", "id"),
        Index("ix_appeals_type", "type", "created_at", "id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    type: Mapped[str]
    reason: Mapped[str]
    evidence: Mapped[str | None]
    ban_id: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(server_default="PENDING")
    statement_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("statements_of_reasons.id", ondelete="SET NULL"), index=True
    )
    assignee: Mapped[UUID | None]
    claimed_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    explanation: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
