"""Tickets of support. Internal notes have a table of their own, which nothing that their owners ask for reads."""

from datetime import datetime
from typing import get_args
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.support import ENDED
from domain.wire import common
from persistence.models.base import Base, Created, Identified, one_of

NEWEST = (text("created_at DESC"), text("id DESC"))
WAITING = text("waiting_since IS NOT NULL")
NOBODYS = text("assigned_to IS NULL")
# An index by ``assigned_to`` has no order of those that have none.
WAITING_FOR_ANYBODY = text("assigned_to IS NULL AND waiting_since IS NOT NULL")
IS_OPEN = text(f"status NOT IN ({', '.join(map(repr, ENDED))})")


class TicketCategory(Identified, Created, Base):
    """``priority``: of tickets whose owner chooses none."""

    __tablename__ = "ticket_categories"
    __table_args__ = (one_of("priority", get_args(common.TicketPriority)),)

    name: Mapped[str]
    description: Mapped[str | None]
    priority: Mapped[str | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    sort_order: Mapped[int]


class TicketCategoryList(Base):
    """``version`` moves with each change of the whole list."""

    __tablename__ = "ticket_category_lists"

    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]


class Ticket(Identified, Created, Base):
    """``assigned_to`` is one of the staff, whose account may be gone. ``waiting_since``: since when it waits for staff;
    NULL while it does not. Every change moves ``version``, a reply of the owner, too."""

    __tablename__ = "tickets"
    __table_args__ = (
        one_of("status", get_args(common.TicketStatus)),
        one_of("priority", get_args(common.TicketPriority)),
        Index("ix_tickets_owner", "user_id", text("updated_at DESC"), text("id DESC")),
        Index("ix_tickets_open", "user_id", postgresql_where=IS_OPEN),
        Index("ix_tickets_resolved", "resolved_at", postgresql_where=text("status = 'RESOLVED'")),
        Index("ix_tickets_newest", *NEWEST),
        Index("ix_tickets_status", "status", *NEWEST),
        Index("ix_tickets_priority", "priority", *NEWEST),
        Index("ix_tickets_category", "category_id", *NEWEST),
        Index("ix_tickets_assigned_to", "assigned_to", *NEWEST),
        Index("ix_tickets_waiting", "waiting_since", "id", postgresql_where=WAITING),
        Index("ix_tickets_status_waiting", "status", "waiting_since", "id", postgresql_where=WAITING),
        Index("ix_tickets_priority_waiting", "priority", "waiting_since", "id", postgresql_where=WAITING),
        Index("ix_tickets_category_waiting", "category_id", "waiting_since", "id", postgresql_where=WAITING),
        Index("ix_tickets_nobodys", *NEWEST, postgresql_where=NOBODYS),
        Index("ix_tickets_nobodys_waiting", "waiting_since", "id", postgresql_where=WAITING_FOR_ANYBODY),
        Index("ix_tickets_assigned_to_waiting", "assigned_to", "waiting_since", "id", postgresql_where=WAITING),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey("ticket_categories.id"))
    subject: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="OPEN")
    priority: Mapped[str]
    assigned_to: Mapped[UUID | None]
    waiting_since: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    version: Mapped[int] = mapped_column(server_default=text("1"))


class TicketMessage(Identified, Created, Base):
    """What the owner and support wrote to each other. ``author_id`` is an account, which may be gone."""

    __tablename__ = "ticket_messages"
    __table_args__ = (
        one_of("author_type", get_args(common.TicketAuthorType)),
        Index("ix_ticket_messages_newest", "ticket_id", *NEWEST),
    )

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    author_type: Mapped[str]
    author_id: Mapped[UUID | None]
    content: Mapped[str]


class TicketNote(Identified, Created, Base):
    """What staff noted. ``author_id`` is one of the staff, whose account may be gone."""

    __tablename__ = "ticket_notes"
    __table_args__ = (Index("ix_ticket_notes_newest", "ticket_id", *NEWEST),)

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    author_id: Mapped[UUID]
    content: Mapped[str]
