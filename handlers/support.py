"""What people ask of support."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.answers.pages import Page
from domain.errors import ApiError
from domain.support import MAX_OPEN_TICKETS, SHOWN
from domain.support.tickets import category_of, detail_view, list_view, priority_of, require_owner, require_reopenable

if TYPE_CHECKING:
    from domain.wire import common
    from domain.wire import support as wire
    from handlers.needs import Clock, Config, Principal, Repositories


async def list(  # noqa: A001
    page: int, limit: int, principal: Principal, db: Repositories, status: common.TicketStatus | None = None
) -> wire.Tickets:
    asked = Page(page, limit)
    rows, total = await db.tickets.page(principal.user_id, status, asked)
    return list_view(rows, asked, total)


async def create(
    body: wire.CreateTicketRequest, principal: Principal, db: Repositories, clock: Clock, config: Config
) -> wire.CreatedTicket:
    owner, category_id, now = principal.user_id, category_of(body), clock()
    category = None if category_id is None else await db.tickets.category(category_id)
    if category_id is not None and category is None:
        raise ApiError("support.category.not_found")
    await _require_room(owner, db, config)
    ticket_id = await db.tickets.add(
        now, user_id=owner, category_id=category_id, subject=body["subject"], priority=priority_of(body, category)
    )
    await db.tickets.add_message(ticket_id, owner, body["content"], now)
    await db.notifications.notify("ticket_created", None, {"ticket": ticket_id}, f"ticket_created:{ticket_id}")
    await db.audit.record("support.ticket.created", actor=owner, target=ticket_id)
    return {"ticketId": str(ticket_id)}


async def _require_room(owner: UUID, db: Repositories, config: Config) -> None:
    """Of several at once each counts those before it: the account is held."""
    account = await db.users.get_for_update(owner)
    if account.status == "DELETED":
        raise ApiError("error.user.not_found")
    most = config[MAX_OPEN_TICKETS]
    if await db.tickets.count_open(owner, most) >= most:
        raise ApiError("support.ticket.too_many_open", max=most)


async def find(ticket_id: str, principal: Principal, db: Repositories) -> wire.TicketDetail:
    ticket = await db.tickets.find(UUID(ticket_id), principal.user_id)
    if ticket is None:
        raise ApiError("support.ticket.not_found")
    return detail_view(ticket, await db.tickets.messages(ticket.id, SHOWN))


async def reply(
    ticket_id: str, body: wire.ReplyTicketRequest, principal: Principal, db: Repositories, clock: Clock
) -> None:
    now, ticket = clock(), UUID(ticket_id)
    require_owner(await db.tickets.state(ticket), principal.user_id)
    answered = await db.tickets.answer(ticket, now)
    if answered is None:
        require_owner(await db.tickets.state(ticket), principal.user_id)
        raise ApiError("support.ticket.closed")
    message = await db.tickets.add_message(ticket, principal.user_id, body["content"], now)
    await db.notifications.notify("ticket_update", answered.assigned_to, {"ticket": ticket}, f"ticket_update:{message}")


async def reopen(ticket_id: str, principal: Principal, db: Repositories, clock: Clock) -> None:
    found = await db.tickets.state(UUID(ticket_id))
    require_reopenable(found)
    require_owner(found, principal.user_id)
    while not await db.tickets.reopen(found.id, clock()):
        require_reopenable(await db.tickets.state(found.id))
    await db.audit.record("support.ticket.reopened", actor=principal.user_id, target=found.id)
