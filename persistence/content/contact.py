"""Messages of the contact form."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from domain.users import Client
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import ContactMessage

Row = ContactMessage
NEWEST = Keyset(Row.created_at.desc(), Row.id.desc())


class ContactMessages:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, message: Mapping[str, Any], client: Client) -> UUID:
        """``client``: where it came from."""
        whence = {"locale": client.locale, "ip_address": client.ip, "user_agent": client.user_agent}
        added = insert(Row).values(**message, **whence)
        return await self._connection.scalar_one(added.returning(Row.id))

    async def find(self, message_id: UUID) -> ContactMessage | None:
        return await self._connection.scalar(select(Row).where(Row.id == message_id))

    async def hold(self, message_id: UUID) -> ContactMessage | None:
        """As ``find``; nobody else changes it until the transaction ends."""
        return await self._connection.scalar(select(Row).where(Row.id == message_id).with_for_update())

    async def newest(self, keys: Sequence[Any] | None, rows: int, state: str | None) -> Sequence[ContactMessage]:
        """The newest first."""
        found = select(Row) if state is None else select(Row).where(Row.state == state)
        return await self._connection.scalars(NEWEST.page(found, keys, rows))

    async def move(self, message_id: UUID, state: str, version: int, now: datetime) -> ContactMessage | None:
        """The message as it is then; None when it has another version than that."""
        seen = update(Row).where(Row.id == message_id, Row.version == version)
        moved = seen.values(state=state, version=version + 1, updated_at=now)
        return await self._connection.scalar(moved.returning(Row))

    async def purge(self, before: datetime) -> None:
        await self._connection.execute(delete(Row).where(Row.created_at < before))
