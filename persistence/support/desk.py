"""Tickets as staff works on them, internal notes among it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import DateTime, Select, insert, literal, literal_column, or_, select, update

from domain.support import ANSWERABLE
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import Ticket, TicketCategory, TicketMessage, TicketNote, User

# The list by it has only those that wait.
WAITING_SINCE = literal_column("tickets.waiting_since", DateTime(timezone=True))
ORDERS = {
    "createdAt": Keyset(Ticket.created_at, Ticket.id),
    "-createdAt": Keyset(Ticket.created_at.desc(), Ticket.id.desc()),
    "waitingSince": Keyset(WAITING_SINCE, Ticket.id),
}
OWNER = (User.username, User.display_name, User.email)
Written: TypeAlias = Select[*tuple[Any, ...]]


def _told(row: Any, author_type: Any, *, internal: bool) -> Written:
    told = (row.id, row.ticket_id, row.author_id, row.content, row.created_at)
    shown = (author_type.label("author_type"), literal(internal).label("internal"))
    author = User.display_name.label("author_name")
    return select(*told, *shown, author).outerjoin(User, User.id == row.author_id)


MESSAGES = _told(TicketMessage, TicketMessage.author_type, internal=False)
NOTES = _told(TicketNote, literal("AGENT"), internal=True)


class Desk:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(
        self,
        sort: str,
        keys: Sequence[Any] | None,
        rows: int,
        *,
        category: UUID | None = None,
        assignee: str | None = None,
        **filters: str | None,
    ) -> Sequence[Ticket]:
        """``assignee``: an id, or ``none``."""
        query = select(Ticket)
        if sort == "waitingSince":
            query = query.where(Ticket.waiting_since.is_not(None))
        for name, value in (filters | {"category_id": category}).items():
            if value is not None:
                query = query.where(getattr(Ticket, name) == value)
        if assignee is not None:
            of = Ticket.assigned_to
            query = query.where(of.is_(None) if assignee == "none" else of == UUID(assignee))
        return await self._connection.scalars(ORDERS[sort].page(query, keys, rows))

    async def find(self, ticket_id: UUID) -> Ticket | None:
        return await self._connection.scalar(select(Ticket).where(Ticket.id == ticket_id))

    async def find_held(self, ticket_id: UUID) -> Ticket | None:
        """Nobody else changes it until the transaction ends."""
        held = select(Ticket).where(Ticket.id == ticket_id).with_for_update(key_share=True)
        return await self._connection.scalar(held)

    async def find_in_full(self, ticket_id: UUID) -> Any:
        """With its owner and the name of its category."""
        told = (*Ticket.__table__.columns, *OWNER, TicketCategory.name.label("category_name"))
        found = select(*told).join(User, User.id == Ticket.user_id)
        found = found.outerjoin(TicketCategory, TicketCategory.id == Ticket.category_id)
        return await self._connection.row(found.where(Ticket.id == ticket_id))

    async def messages(self, ticket_id: UUID, limit: int) -> Sequence[Any]:
        """The newest."""
        return await self._newest(MESSAGES, TicketMessage, ticket_id, limit)

    async def notes(self, ticket_id: UUID, limit: int) -> Sequence[Any]:
        """The newest."""
        return await self._newest(NOTES, TicketNote, ticket_id, limit)

    async def _newest(self, told: Written, row: Any, ticket_id: UUID, limit: int) -> Sequence[Any]:
        newest = told.where(row.ticket_id == ticket_id).order_by(row.created_at.desc(), row.id.desc())
        return await self._connection.rows(newest.limit(limit))

    async def change(self, ticket_id: UUID, version: int, now: datetime, columns: Mapping[str, Any]) -> Ticket | None:
        """None for one of another version."""
        row = update(Ticket).where(Ticket.id == ticket_id, Ticket.version == version)
        changed = row.values(**columns, updated_at=now, version=version + 1)
        return await self._connection.scalar(changed.returning(Ticket))

    async def answer(self, ticket_id: UUID, by: UUID, now: datetime) -> Ticket | None:
        """It waits for its owner; None for one of another member of staff, and for one that takes no reply."""
        free = or_(Ticket.assigned_to.is_(None), Ticket.assigned_to == by)
        row = update(Ticket).where(Ticket.id == ticket_id, free, Ticket.status.in_(ANSWERABLE))
        theirs = {"status": "WAITING_USER", "assigned_to": by, "waiting_since": None}
        return await self._connection.scalar(
            row.values(**theirs, updated_at=now, version=Ticket.version + 1).returning(Ticket)
        )

    async def add_message(self, ticket_id: UUID, author: UUID, content: str, now: datetime) -> Any:
        """By support; as ``messages`` tells it."""
        written = {"author_type": "AGENT", "author_id": author, "content": content, "created_at": now}
        row = insert(TicketMessage).values(ticket_id=ticket_id, **written)
        made = await self._connection.scalar_one(row.returning(TicketMessage.id))
        return await self._connection.one(MESSAGES.where(TicketMessage.id == made))

    async def add_note(self, ticket_id: UUID, author: UUID, content: str, now: datetime) -> Any:
        """As ``notes`` tells it; None when there is no such ticket."""
        there = select(Ticket.id).where(Ticket.id == ticket_id).with_for_update(read=True, key_share=True)
        if await self._connection.scalar(there) is None:
            return None
        row = insert(TicketNote).values(ticket_id=ticket_id, author_id=author, content=content, created_at=now)
        made = await self._connection.scalar_one(row.returning(TicketNote.id))
        return await self._connection.one(NOTES.where(TicketNote.id == made))
