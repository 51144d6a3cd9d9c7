"""Tickets as staff sees and works on them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.admin import PII, not_found, require_each_once
from domain.admin.masking import masked_email
from domain.errors import ApiError, moved_on
from domain.presenting import presented
from domain.support import moved
from domain.wire import admin as wire

MANY = "admin.tickets.change_many"
REPLY = "support.reply"
"""The permission without which nobody works on a ticket."""


def seen(ticket: Any, version: int) -> Any:
    """The ticket, which the caller has read as it is. Raises ApiError admin.not_found, precondition.failed."""
    if ticket is None:
        raise not_found("ticket")
    if ticket.version != version:
        raise moved_on(ticket.version)
    return ticket


def require_free(ticket: Any, by: UUID) -> None:
    """Raises ApiError admin.case.taken for a ticket of another member of staff."""
    if ticket.assigned_to not in (None, by):
        raise ApiError("admin.case.taken")


def changes_of(ticket: Any, body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that a request of staff changes. A new ticket is assigned with its first assignee, and open again
    with none."""
    changes = {} if "priority" not in body else {"priority": body["priority"]}
    if "categoryId" in body:
        changes["category_id"] = body["categoryId"] and UUID(body["categoryId"])
    if "assignedTo" in body:
        changes |= assigned(ticket.status, body["assignedTo"] and UUID(body["assignedTo"]))
    return changes


def assigned(status: str, to: UUID | None) -> dict[str, Any]:
    """The columns of a ticket in that status that somebody is to work on, or nobody."""
    before, after = ("ASSIGNED", "OPEN") if to is None else ("OPEN", "ASSIGNED")
    return {"assigned_to": to, "status": after if status == before else status}


def with_assignee(ticket: Any, columns: Mapping[str, Any], by: UUID) -> dict[str, Any]:
    """``columns`` of a move: to be assigned is to be somebody's, and what was assigned and is open is nobody's."""
    if columns["status"] == "ASSIGNED":
        return {**columns, "assigned_to": ticket.assigned_to or by}
    if (ticket.status, columns["status"]) == ("ASSIGNED", "OPEN"):
        return {**columns, "assigned_to": None}
    return dict(columns)


def key_of(ticket: Any, sort: str) -> tuple[datetime, UUID]:
    """By which a list in that order goes on."""
    return (ticket.waiting_since if sort == "waitingSince" else ticket.created_at, ticket.id)


@dataclass(frozen=True, slots=True)
class ChangeOfMany:
    """``to`` is a status. ``assigns``: whether ``assignee`` is who is to work on the tickets, None for nobody."""

    to: str | None
    assigns: bool
    assignee: UUID | None
    take_over: bool
    reason: str | None
    by: UUID
    now: datetime

    def columns(self, ticket: Any) -> dict[str, Any]:
        """Of one ticket; none where it is so already. Raises ApiError admin.transition_invalid."""
        to = self.to or ticket.status
        columns = {} if to == ticket.status else with_assignee(ticket, moved(ticket, to, self.now), self.by)
        if self.assigns:
            columns |= assigned(to, self.assignee)
        return {} if all(getattr(ticket, name) == value for name, value in columns.items()) else columns


def change_of_many(body: Mapping[str, Any], by: UUID, now: datetime) -> ChangeOfMany:
    assignee = body.get("assignedTo")
    return ChangeOfMany(
        body.get("to"),
        "assignedTo" in body,
        None if assignee is None else UUID(assignee),
        body.get("takeOver", False),
        body.get("reason"),
        by,
        now,
    )


def told_of(ticket: Any) -> dict[str, str | None]:
    """For the audit log."""
    ids = {"assignedTo": ticket.assigned_to, "categoryId": ticket.category_id}
    return {"status": ticket.status, "priority": ticket.priority} | {
        name: None if value is None else str(value) for name, value in ids.items()
    }


def ticket_view(ticket: Any) -> wire.TicketForStaff:
    return presented(wire.TicketForStaff, ticket)


def full_view(
    ticket: Any, messages: Sequence[Any], notes: Sequence[Any], permissions: Collection[str]
) -> wire.TicketInFull:
    owner = presented(
        wire.TicketOwner,
        ticket,
        id=str(ticket.user_id),
        email=ticket.email if PII in permissions else masked_email(ticket.email),
    )
    category = None if ticket.category_id is None else {"id": str(ticket.category_id), "name": ticket.category_name}
    written = sorted([*messages, *notes], key=lambda row: (row.created_at, row.id))
    told = [message_view(row) for row in written]
    return presented(wire.TicketInFull, ticket, owner=owner, category=category, messages=told)


def message_view(row: Any) -> wire.MessageForStaff:
    return presented(wire.MessageForStaff, row)


def entries_of(items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The columns of categories in their order, of new ones without an id. Raises ApiError admin.entry_twice."""
    require_each_once(items, "id")
    return [
        {
            "id": UUID(item["id"]) if "id" in item else None,
            "name": item["name"],
            "description": item.get("description"),
            "priority": item.get("priority"),
            "active": item.get("active", True),
            "sort_order": place,
        }
        for place, item in enumerate(items)
    ]


def categories_view(rows: Sequence[Any], version: int) -> wire.TicketCategories:
    return {"items": [presented(wire.TicketCategory, row) for row in rows], "version": version}
