"""Who of the accounts is staff."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, Created


class StaffRole(Created, Base):
    """A role of one account. What it may stands in the contract. ``granted_by`` is empty for the command line.

    ``locales`` narrows a role to some languages. ``expires_at``: from then on the row counts as if it were gone.
    """

    __tablename__ = "staff_roles"
    __table_args__ = (Index("ix_staff_roles_role", "role", "user_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    locales: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    granted_by: Mapped[UUID | None]  # no foreign key: who granted it may be gone
    reason: Mapped[str]
    expires_at: Mapped[datetime | None]
