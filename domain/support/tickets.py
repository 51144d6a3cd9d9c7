"""Tickets as their owners open and see them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from domain.answers.pages import Page
from domain.errors import ApiError
from domain.presenting import presented
from domain.support import ENDED, MEDIUM
from domain.wire import support as wire


def require_owner(ticket: Any, user_id: UUID) -> None:
    """Raises ApiError support.ticket.not_found, support.ticket.not_owner."""
    if ticket is None:
        raise ApiError("support.ticket.not_found")
    if ticket.user_id != user_id:
        raise ApiError("support.ticket.not_owner")


def require_reopenable(ticket: Any) -> None:
    """Raises ApiError support.ticket.not_found, support.ticket.invalid_transition."""
    if ticket is None:
        raise ApiError("support.ticket.not_found")
    if ticket.status not in ENDED:
        raise ApiError("support.ticket.invalid_transition", status=ticket.status)


def category_of(body: Mapping[str, Any]) -> UUID | None:
    return UUID(body["categoryId"]) if "categoryId" in body else None


def priority_of(body: Mapping[str, Any], category: Any) -> str:
    """What the owner chose, else what is usual in the category."""
    priority: str = body.get("priority") or (category and category.priority) or MEDIUM
    return priority


def list_view(rows: Sequence[Any], page: Page, total: int) -> wire.Tickets:
    return {"items": [presented(wire.Ticket, row) for row in rows], **page.numbers(total)}


def detail_view(ticket: Any, messages: Sequence[Any]) -> wire.TicketDetail:
    category = None if ticket.category_id is None else {"id": str(ticket.category_id), "name": ticket.category_name}
    told = [presented(wire.TicketMessage, message) for message in messages]
    return presented(wire.TicketDetail, ticket, messages=told, category=category)
