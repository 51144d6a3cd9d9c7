"""Tickets in the state that a test needs, and who calls about them."""

from typing import Any
from uuid import UUID

import httpx

from tests.handlers.support import insert
from tests.harness import Api, Tables, bearer
from tests.staff import Hired

ASKED: dict[str, Any] = {"subject": "My payout did not arrive", "content": "It is still pending."}


def ticket(tables: Tables, owner: UUID, status: str = "OPEN", **columns: Any) -> UUID:
    """As its owner opened it, with one message."""
    theirs = status in ("WAITING_USER", "RESOLVED", "CLOSED")
    row = {"subject": ASKED["subject"], "priority": "MEDIUM", "waiting_since": None if theirs else "2026-01-01"}
    row |= {"resolved_at": "2026-01-02"} if status in ("RESOLVED", "CLOSED") else {}
    row |= {"closed_at": "2026-01-03"} if status == "CLOSED" else {}
    made = insert(tables, "tickets", user_id=owner, status=status, **(row | columns))
    insert(tables, "ticket_messages", ticket_id=made, author_type="USER", author_id=owner, content=ASKED["content"])
    return made


def category(tables: Tables, **columns: Any) -> UUID:
    return insert(tables, "ticket_categories", **({"name": "Payouts", "sort_order": 0} | columns))


def row_of(tables: Tables, ticket_id: Any) -> dict[str, Any]:
    return tables.one("SELECT * FROM tickets WHERE id = %s", ticket_id)


def create(api: Api, access: str, **fields: Any) -> httpx.Response:
    return api.call("support.create", ASKED | fields, headers=bearer(access))


def reply(api: Api, access: str, ticket_id: Any, content: str = "Thank you.", **fields: Any) -> httpx.Response:
    path = f"/tickets/{ticket_id}/reply"
    return api.call("support.reply", {"content": content} | fields, path=path, headers=bearer(access))


def reopen(api: Api, access: str, ticket_id: Any) -> httpx.Response:
    return api.call("support.reopen", path=f"/tickets/{ticket_id}/reopen", headers=bearer(access))


def find(api: Api, access: str, ticket_id: Any) -> httpx.Response:
    return api.call("support.find", path=f"/tickets/{ticket_id}", headers=bearer(access))


def answer(api: Api, caller: Hired, ticket_id: Any, content: str = "Tomorrow.") -> httpx.Response:
    path = f"/admin/tickets/{ticket_id}/reply"
    return api.call("admin.tickets.reply", {"content": content}, path=path, headers=caller.headers)


def note(api: Api, caller: Hired, ticket_id: Any, content: str = "A liar.") -> httpx.Response:
    path = f"/admin/tickets/{ticket_id}/notes"
    return api.call("admin.tickets.note", {"content": content}, path=path, headers=caller.headers)


def seen(api: Api, caller: Hired, ticket_id: Any) -> httpx.Response:
    return api.call("admin.tickets.find", path=f"/admin/tickets/{ticket_id}", headers=caller.headers)


def move(api: Api, caller: Hired, ticket_id: Any, to: str, version: int = 1, **fields: Any) -> httpx.Response:
    headers = caller.headers | {"If-Match": f'"{version}"'}
    path = f"/admin/tickets/{ticket_id}/status"
    return api.call("admin.tickets.move", {"to": to} | fields, path=path, headers=headers)


def change_many(api: Api, caller: Hired, *ids: Any, **fields: Any) -> httpx.Response:
    body = {"ids": [str(ticket_id) for ticket_id in ids], **fields}
    return api.call("admin.tickets.change_many", body, headers=caller.headers)


def update(api: Api, caller: Hired, ticket_id: Any, version: int = 1, **fields: Any) -> httpx.Response:
    headers = caller.headers | {"If-Match": f'"{version}"'}
    return api.call("admin.tickets.update", fields, path=f"/admin/tickets/{ticket_id}", headers=headers)
