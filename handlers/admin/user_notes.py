"""Notes that staff wrote about accounts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin import not_found
from domain.admin.users import HELD, require_status
from domain.admin.users.notes import note_view, require_own

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Principal, Repositories, Walk


async def list(id: str, walk: Walk, principal: Principal, db: Repositories) -> wire.UserNotes:  # noqa: A001, A002
    user_id = UUID(id)
    rows = await db.user_notes.newest(user_id, walk.after(datetime, UUID), walk.rows)
    if not rows and await db.users.find(user_id) is None:
        raise not_found("account")
    shown, further = walk.page(rows, lambda row: (row.created_at, row.id))
    return {"items": [note_view(row, principal.user_id) for row in shown], "nextCursor": further}


async def add(id: str, body: wire.AddUserNoteRequest, principal: Principal, db: Repositories) -> wire.UserNote:  # noqa: A002
    user_id = UUID(id)
    user = await db.users.find_for_update(user_id)
    if user is None:
        raise not_found("account")
    require_status(user.status, HELD)  # what was erased gets no new data
    note = await db.user_notes.add(user_id, principal.user_id, body["text"])
    await db.audit.record("admin.user_notes.add", actor=principal.user_id, target=user_id, note=str(note.id))
    return note_view(note, principal.user_id)


async def remove(id: str, note_id: str, principal: Principal, db: Repositories) -> None:  # noqa: A002
    user_id = UUID(id)
    note = await db.user_notes.find(UUID(note_id), user_id)
    if note is None:
        raise not_found("note")
    require_own(note, principal.user_id)
    if not await db.user_notes.remove(note.id):
        raise not_found("note")
    await db.audit.record("admin.user_notes.remove", actor=principal.user_id, target=user_id, note=str(note.id))
