"""Who does not want to hear from whom."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Created, Identified


class BlockList(Identified, Created, Base):
    """One direction each: the blocked side has no row of its own and is not told."""

    __tablename__ = "block_list"
    __table_args__ = (
        UniqueConstraint("owner_id", "blocked_id"),
        CheckConstraint("owner_id <> blocked_id", name="not_oneself"),
        Index("ix_block_list_newest", "owner_id", "created_at"),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    blocked_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
