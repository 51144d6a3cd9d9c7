"""Tools of development and staging."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.mails import message_view

if TYPE_CHECKING:
    from domain.wire import dev as wire
    from handlers.needs import Repositories


async def mailbox(to: str | None, db: Repositories, max_items: int) -> wire.Mailbox:
    return {"messages": [message_view(message) for message in await db.mailbox.newest(to, max_items)]}
