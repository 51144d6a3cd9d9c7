"""What staff notes about accounts."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Created, Identified


class UserNote(Identified, Created, Base):
    """``author_id`` is one of the staff, whose account may be gone."""

    __tablename__ = "user_notes"
    __table_args__ = (Index("ix_user_notes_newest", "user_id", "created_at", "id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    author_id: Mapped[UUID]
    text: Mapped[str]
