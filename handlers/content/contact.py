"""Messages of the contact form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain import topics
from domain.content.contact import message_columns

if TYPE_CHECKING:
    from domain.wire import common
    from domain.wire import content as wire
    from handlers.needs import Client, Repositories, Say


async def submit(body: wire.ContactRequest, db: Repositories, client: Client, say: Say) -> common.Message:
    message_id = await db.contact_messages.add(message_columns(body), client)
    await db.outbox.add(topics.ContactReceived(message_id))
    return {"message": say("content.contact.done")}
