"""Messages of the contact form, as staff works on them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin import PII, not_found
from domain.content.contact import message_view
from domain.errors import moved_on

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Clock, Principal, Repositories, Walk


async def list(  # noqa: A001
    db: Repositories, walk: Walk, principal: Principal, state: wire.ContactMessageState | None = None
) -> wire.ContactMessages:
    rows = await db.contact_messages.newest(walk.after(datetime, UUID), walk.rows, state)
    shown, further = walk.page(rows, lambda row: (row.created_at, row.id))
    unmasked = PII in principal.permissions
    return {"items": [message_view(row, unmasked=unmasked) for row in shown], "nextCursor": further}


async def update(
    id: str,  # noqa: A002
    body: wire.UpdateContactMessageRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.ContactMessage:
    message_id = UUID(id)
    former = await db.contact_messages.hold(message_id)
    if former is None:
        raise not_found("message")
    moved = await db.contact_messages.move(message_id, body["state"], expected_version, clock())
    if moved is None:
        raise moved_on(former.version)
    await db.audit.record(
        "admin.support.contact_messages.update",
        actor=principal.user_id,
        target=message_id,
        before={"state": former.state},
        after={"state": moved.state},
    )
    return message_view(moved, unmasked=PII in principal.permissions)
