"""Notes that staff wrote about accounts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from domain.errors import ApiError
from domain.presenting import presented
from domain.wire import admin as wire


def note_view(row: Any, reader: UUID) -> wire.UserNote:
    return presented(wire.UserNote, row, own=row.author_id == reader)


def require_own(row: Any, author: UUID) -> None:
    """Raises ApiError admin.user_note.not_own."""
    if row.author_id != author:
        raise ApiError("admin.user_note.not_own")
