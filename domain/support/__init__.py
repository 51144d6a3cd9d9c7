"""Support: who waits for whom, and how a ticket may move."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from domain.config_keys import IntKey
from domain.errors import transition_invalid

MAX_OPEN_TICKETS = IntKey(
    "support.max_open_tickets", 20, "tickets that an account may have that are neither resolved nor closed", 1, 1000
)
AUTO_CLOSE_DAYS = IntKey("support.auto_close_days", 14, "days after which a resolved ticket is closed", 1, 365)

SHOWN = 500
"""How many messages, and how many internal notes, a ticket is shown with."""
MEDIUM = "MEDIUM"

TRANSITIONS: Mapping[str, Collection[str]] = {
    "OPEN": ("ASSIGNED", "IN_PROGRESS", "WAITING_USER", "WAITING_INTERNAL", "RESOLVED", "CLOSED"),
    "ASSIGNED": ("OPEN", "IN_PROGRESS", "WAITING_USER", "WAITING_INTERNAL", "RESOLVED", "CLOSED"),
    "IN_PROGRESS": ("ASSIGNED", "WAITING_USER", "WAITING_INTERNAL", "RESOLVED", "CLOSED"),
    "WAITING_USER": ("IN_PROGRESS", "RESOLVED", "CLOSED"),
    "WAITING_INTERNAL": ("IN_PROGRESS", "WAITING_USER", "RESOLVED", "CLOSED"),
    "RESOLVED": ("CLOSED", "OPEN"),
    "CLOSED": ("OPEN",),
}
ENDED = ("RESOLVED", "CLOSED")
"""What its owner may reopen."""
STAFFS_TURN = ("OPEN", "ASSIGNED", "IN_PROGRESS", "WAITING_INTERNAL")
ANSWERABLE = ("OPEN", "ASSIGNED", "IN_PROGRESS", "WAITING_USER", "WAITING_INTERNAL")
"""What staff may reply to."""
AFTER_REPLY: Mapping[str, str] = {"WAITING_USER": "IN_PROGRESS", "RESOLVED": "OPEN"}
"""Where a reply of the owner leads; from elsewhere nowhere. A closed one takes none."""


def moved(ticket: Any, to: str, now: datetime) -> dict[str, Any]:
    """The columns of a ticket that comes into another status. Raises ApiError admin.transition_invalid."""
    if to not in TRANSITIONS[ticket.status]:
        raise transition_invalid(ticket.status, to)
    ended: dict[str, datetime | None] = {"resolved_at": None, "closed_at": None} if to == "OPEN" else {}
    ended |= {"RESOLVED": {"resolved_at": now}, "CLOSED": {"closed_at": now}}.get(to, {})
    waits = (ticket.waiting_since or now) if to in STAFFS_TURN else None
    return {"status": to, "waiting_since": waits, **ended}
