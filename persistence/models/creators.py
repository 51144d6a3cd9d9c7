"""The creator side of an account."""

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Created, Identified


class CreatorProfile(Identified, Created, Base):
    __tablename__ = "creator_profiles"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
