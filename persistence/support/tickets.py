"""Tickets as their owners see them. Nothing here reads internal notes, which are in a table of their own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, insert, select, true, update

from domain.answers.pages import Page
from domain.support import AFTER_REPLY, ENDED
from persistence.engine.connection import Connection
from persistence.engine.due import once
from persistence.models import Ticket, TicketCategory, TicketMessage, User

MOVED_ON = Ticket.version + 1


class Tickets:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def category(self, category_id: UUID) -> Any:
        """Its priority; None when no active one has the id. It stays until the transaction ends."""
        row = TicketCategory
        found = select(row.priority).where(row.id == category_id, row.active)
        return await self._connection.row(found.with_for_update(read=True, key_share=True))

    async def count_open(self, user_id: UUID, most: int) -> int:
        """How many are neither resolved nor closed, counted to ``most``. Whoever is to add one holds the account."""
        open_ones = select(Ticket.id).where(Ticket.user_id == user_id, Ticket.status.not_in(ENDED)).limit(most)
        return await self._connection.scalar_one(select(func.count()).select_from(open_ones.subquery()))

    async def add(self, now: datetime, **columns: Any) -> UUID:
        row = insert(Ticket).values(**columns, waiting_since=now, updated_at=now, created_at=now)
        return await self._connection.scalar_one(row.returning(Ticket.id))

    async def add_message(self, ticket_id: UUID, author: UUID, content: str, now: datetime) -> UUID:
        """By the owner."""
        written = {"author_type": "USER", "author_id": author, "content": content, "created_at": now}
        row = insert(TicketMessage).values(ticket_id=ticket_id, **written)
        return await self._connection.scalar_one(row.returning(TicketMessage.id))

    async def page(self, user_id: UUID, status: str | None, page: Page) -> tuple[Sequence[Ticket], int]:
        """The one that changed last first, and how many there are in all."""
        own = (Ticket.user_id == user_id, true() if status is None else Ticket.status == status)
        total = await self._connection.scalar_one(select(func.count()).select_from(Ticket).where(*own))
        if total <= page.offset:
            return [], total
        newest = select(Ticket).where(*own).order_by(Ticket.updated_at.desc(), Ticket.id.desc())
        return await self._connection.scalars(newest.offset(page.offset).limit(page.limit)), total

    async def find(self, ticket_id: UUID, user_id: UUID) -> Any:
        """With the name of its category; None for one of somebody else."""
        told = (*Ticket.__table__.columns, TicketCategory.name.label("category_name"))
        found = select(*told).outerjoin(TicketCategory, TicketCategory.id == Ticket.category_id)
        return await self._connection.row(found.where(Ticket.id == ticket_id, Ticket.user_id == user_id))

    async def messages(self, ticket_id: UUID, limit: int) -> Sequence[Any]:
        """The newest, the oldest of them first."""
        row = TicketMessage
        told = (row.id, row.ticket_id, row.author_type, User.display_name.label("author_name"))
        found = select(*told, row.content, row.created_at).outerjoin(User, User.id == row.author_id)
        newest = found.where(row.ticket_id == ticket_id).order_by(row.created_at.desc(), row.id.desc())
        return (await self._connection.rows(newest.limit(limit)))[::-1]

    async def state(self, ticket_id: UUID) -> Any:
        """Whose it is, and in which status; None for none."""
        found = select(Ticket.id, Ticket.user_id, Ticket.status).where(Ticket.id == ticket_id)
        return await self._connection.row(found)

    async def answer(self, ticket_id: UUID, now: datetime) -> Any:
        """The owner replies: ``assigned_to``; None for one that is closed."""
        leads = case(AFTER_REPLY, value=Ticket.status, else_=Ticket.status)
        waits = func.coalesce(Ticket.waiting_since, now)
        row = update(Ticket).where(Ticket.id == ticket_id, Ticket.status != "CLOSED")
        moved = row.values(status=leads, waiting_since=waits, resolved_at=None, updated_at=now, version=MOVED_ON)
        return await self._connection.row(moved.returning(Ticket.assigned_to))

    async def reopen(self, ticket_id: UUID, now: datetime) -> bool:
        """False for one that is neither resolved nor closed."""
        row = update(Ticket).where(Ticket.id == ticket_id, Ticket.status.in_(ENDED))
        anew = {"resolved_at": None, "closed_at": None, "waiting_since": now, "updated_at": now}
        reopened = row.values(status="OPEN", **anew, version=MOVED_ON).returning(Ticket.id)
        return await self._connection.scalar(reopened) is not None

    async def close_resolved(self, before: datetime, now: datetime, limit: int) -> int:
        """Of those that were resolved before then and got no answer, the oldest; how many were closed."""
        due = select(Ticket.id).where(Ticket.status == "RESOLVED", Ticket.resolved_at < before)
        batch = due.order_by(Ticket.resolved_at).limit(limit).with_for_update(skip_locked=True)
        row = update(Ticket).where(Ticket.id.in_(once(batch)), Ticket.status == "RESOLVED")
        closed = row.values(status="CLOSED", closed_at=now, updated_at=now, version=MOVED_ON).returning(Ticket.id)
        return len(await self._connection.scalars(closed))
