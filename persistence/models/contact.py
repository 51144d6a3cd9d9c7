"""Messages of the contact form."""

from datetime import datetime
from typing import get_args

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.wire import admin as wire
from persistence.models.base import Base, Created, Identified, one_of


class ContactMessage(Identified, Created, Base):
    """Whoever wrote is known by the address that they stated, which nobody proved."""

    __tablename__ = "contact_messages"
    __table_args__ = (
        one_of("state", get_args(wire.ContactMessageState)),
        Index("ix_contact_messages_newest", text("created_at DESC"), text("id DESC")),
        Index("ix_contact_messages_state", "state", text("created_at DESC"), text("id DESC")),
        Index("ix_contact_messages_email", "email"),
    )

    name: Mapped[str | None]
    email: Mapped[str]
    subject: Mapped[str]
    message: Mapped[str]
    locale: Mapped[str]
    ip_address: Mapped[str | None]
    user_agent: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="NEW")
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
