"""Drafts that are shown by a link; the one place outside staff's where they are read."""

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from persistence.engine.connection import Connection
from persistence.models import ContentEntry, ContentRevision

SHOWN = (
    select(ContentEntry.kind, ContentEntry.slug, ContentEntry.locale, ContentRevision.number, ContentRevision.source)
    .join(ContentRevision, ContentRevision.entry_id == ContentEntry.id)
    .where(
        ContentEntry.id == bindparam("entry_id"),
        ContentEntry.kind == bindparam("kind"),
        ContentRevision.number == bindparam("number"),
    )
)


class Previews:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, kind: str, entry_id: UUID, number: int) -> Any:
        """None when there is none."""
        return await self._connection.row(SHOWN, kind=kind, entry_id=entry_id, number=number)
