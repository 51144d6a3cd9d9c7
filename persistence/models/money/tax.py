"""What creators declare for taxes."""

from datetime import datetime
from typing import get_args
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.wire import common as wire
from persistence.models.base import Base, Created, Identified, one_of

APPROVED = text("state = 'APPROVED'")


class TaxForm(Identified, Created, Base):
    """``details`` is sealed: names, address and number; NULL once the account is erased. ``statement``: what the owner
    was told is wrong with it. ``reminded``: days before the end of the last reminder.
    """

    __tablename__ = "tax_forms"
    __table_args__ = (
        one_of("type", get_args(wire.TaxFormType)),
        one_of("state", get_args(wire.TaxFormState)),
        Index("uq_tax_forms_pending", "user_id", unique=True, postgresql_where=text("state = 'PENDING'")),
        Index("uq_tax_forms_approved", "user_id", unique=True, postgresql_where=APPROVED),
        Index("ix_tax_forms_newest", "user_id", text("created_at DESC"), text("id DESC")),
        Index("ix_tax_forms_state", "state", "created_at", "id"),
        Index("ix_tax_forms_ending", "ends_at", "id", postgresql_where=APPROVED),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    type: Mapped[str]
    country: Mapped[str]
    details: Mapped[bytes | None]
    tin_last4: Mapped[str | None]
    signed_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(server_default="PENDING")
    statement: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    reminded: Mapped[int | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
