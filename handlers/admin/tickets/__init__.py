"""Tickets, as staff works on them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.admin import not_found
from domain.errors import ApiError, moved_on, transition_invalid
from domain.support import SHOWN, moved
from domain.support.desk import (
    MANY,
    REPLY,
    categories_view,
    change_of_many,
    changes_of,
    entries_of,
    full_view,
    key_of,
    message_view,
    require_free,
    seen,
    ticket_view,
    told_of,
    with_assignee,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.support.desk import ChangeOfMany
    from domain.wire import admin as wire
    from domain.wire import common
    from handlers.needs import Clock, Permissions, Principal, Repositories, UnitOfWork, Walk


async def list(  # noqa: A001
    db: Repositories,
    walk: Walk,
    principal: Principal,
    status: common.TicketStatus | None = None,
    priority: common.TicketPriority | None = None,
    category: str | None = None,
    assignee: str | None = None,
) -> wire.TicketsForStaff:
    of = str(principal.user_id) if assignee == "me" else assignee
    rows = await db.support_desk.page(
        walk.sort,
        walk.after(datetime, UUID),
        walk.rows,
        category=UUID(category) if category else None,
        assignee=of,
        status=status,
        priority=priority,
    )
    shown, further = walk.page(rows, lambda row: key_of(row, walk.sort))
    return {"items": [ticket_view(row) for row in shown], "nextCursor": further}


async def find(id: str, principal: Principal, db: Repositories) -> wire.TicketInFull:  # noqa: A002
    ticket = await db.support_desk.find_in_full(UUID(id))
    if ticket is None:
        raise not_found("ticket")
    messages = await db.support_desk.messages(ticket.id, SHOWN)
    notes = await db.support_desk.notes(ticket.id, SHOWN)
    return full_view(ticket, messages, notes, principal.permissions)


async def update(
    id: str,  # noqa: A002
    body: wire.UpdateTicketRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
    clock: Clock,
    permissions: Permissions,
) -> wire.TicketForStaff:
    ticket = seen(await db.support_desk.find(UUID(id)), expected_version)
    if not body.get("takeOver"):
        require_free(ticket, principal.user_id)
    changes = changes_of(ticket, body)
    await _require_able(changes.get("assigned_to"), db, permissions)
    await _require_category(changes.get("category_id"), db)
    return ticket_view(await _change(db, "admin.tickets.update", ticket, changes, principal.user_id, clock()))


async def _require_able(assignee: UUID | None, db: Repositories, permissions: Permissions) -> None:
    """Only who may reply is given a ticket."""
    if assignee is not None and REPLY not in permissions.of(await db.staff.roles_of(assignee)):
        raise not_found("member of staff")


async def _require_category(category: UUID | None, db: Repositories) -> None:
    if category is not None and not await db.ticket_categories.exists(category):
        raise not_found("category")


async def move(
    id: str,  # noqa: A002
    body: wire.MoveTicketRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.TicketForStaff:
    now, by = clock(), principal.user_id
    ticket = seen(await db.support_desk.find(UUID(id)), expected_version)
    require_free(ticket, by)
    columns = with_assignee(ticket, moved(ticket, body["to"], now), by)
    return ticket_view(await _change(db, "admin.tickets.move", ticket, columns, by, now, body.get("reason")))


async def reply(
    id: str,  # noqa: A002
    body: wire.WriteTicketRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.MessageForStaff:
    now, by = clock(), principal.user_id
    ticket = await db.support_desk.answer(UUID(id), by, now)
    if ticket is None:
        former = await _found(db, UUID(id))
        require_free(former, by)
        raise transition_invalid(former.status, "WAITING_USER")
    message = await db.support_desk.add_message(ticket.id, by, body["content"], now)
    await db.notifications.notify("ticket_update", ticket.user_id, {"ticket": ticket.id}, f"ticket_update:{message.id}")
    await db.audit.record("admin.tickets.reply", actor=by, target=ticket.id, message=str(message.id))
    return message_view(message)


async def note(
    id: str,  # noqa: A002
    body: wire.WriteTicketRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.MessageForStaff:
    by = principal.user_id
    written = await db.support_desk.add_note(UUID(id), by, body["content"], clock())
    if written is None:
        raise not_found("ticket")
    await db.audit.record("admin.tickets.note", actor=by, target=written.ticket_id, note=str(written.id))
    return message_view(written)


async def change_many(
    body: wire.ChangeManyTicketsRequest, principal: Principal, uow: UnitOfWork, clock: Clock, permissions: Permissions
) -> wire.TicketResults:
    """Each ticket in a transaction of its own: what fails for one is done for the others.

    A call that broke off may be repeated: what it did is unchanged then.
    """
    change = change_of_many(body, principal.user_id, clock())
    async with uow.reading() as db:
        await _require_able(change.assignee, db, permissions)
    results = [await _one_of_many(uow, ticket_id, change) for ticket_id in body["ids"]]
    outcomes = Counter[str](result["outcome"] for result in results)
    async with uow.last() as db:
        await db.audit.record(MANY, actor=change.by, reason=change.reason, after=outcomes)
    return {"results": results}


async def _one_of_many(uow: UnitOfWork, ticket_id: str, change: ChangeOfMany) -> wire.TicketResult:
    try:
        async with uow() as db:
            done = await _carry_out(db, UUID(ticket_id), change)
    except ApiError as refusal:
        return {"id": ticket_id, "outcome": "FAILED", "code": refusal.code}
    return {"id": ticket_id, "outcome": "DONE" if done else "UNCHANGED", "code": None}


async def _carry_out(db: Repositories, ticket_id: UUID, change: ChangeOfMany) -> bool:
    """False for a ticket that is as it is to be."""
    ticket = await db.support_desk.find_held(ticket_id)
    if ticket is None:
        raise not_found("ticket")
    if not change.take_over:
        require_free(ticket, change.by)
    columns = change.columns(ticket)
    if not columns:
        return False
    await _change(db, MANY, ticket, columns, change.by, change.now, change.reason)
    return True


async def list_categories(db: Repositories) -> wire.TicketCategories:
    version = await db.ticket_categories.version()
    return categories_view(await db.ticket_categories.all(), version)


async def replace_categories(
    body: wire.ReplaceTicketCategoriesRequest, expected_version: int, principal: Principal, db: Repositories
) -> wire.TicketCategories:
    entries = entries_of(body["items"])
    if not await db.ticket_categories.move_on(expected_version):
        raise moved_on(await db.ticket_categories.version())
    former = await db.ticket_categories.all()
    if not {entry["id"] for entry in entries if entry["id"]} <= {row.id for row in former}:
        raise not_found("category")
    await db.ticket_categories.replace(entries)
    rows = await db.ticket_categories.all()
    before, after = categories_view(former, expected_version), categories_view(rows, expected_version + 1)
    await db.audit.record("admin.tickets.replace_categories", actor=principal.user_id, before=before, after=after)
    return after


async def _change(
    db: Repositories,
    action: str,
    ticket: Any,
    columns: Mapping[str, Any],
    by: UUID,
    now: datetime,
    reason: str | None = None,
) -> Any:
    """The ticket as it is then. Every change moves its version, so that nobody decides on what they have not read."""
    row = await db.support_desk.change(ticket.id, ticket.version, now, columns)
    if row is None:
        raise moved_on((await _found(db, ticket.id)).version)
    before, after = told_of(ticket), told_of(row)
    await db.audit.record(action, actor=by, target=ticket.id, reason=reason, before=before, after=after)
    return row


async def _found(db: Repositories, ticket_id: UUID) -> Any:
    ticket = await db.support_desk.find(ticket_id)
    if ticket is None:
        raise not_found("ticket")
    return ticket
