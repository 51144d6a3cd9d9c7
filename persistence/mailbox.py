"""The development mailbox."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Integer, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert as pg_insert

from domain.mails import Mail
from persistence.engine.connection import Connection
from persistence.models import MailboxMessage

NEWEST = select(MailboxMessage).order_by(MailboxMessage.number.desc()).limit(bindparam("limit", type_=Integer))
NEWEST_TO = NEWEST.where(MailboxMessage.recipient == bindparam("recipient"))


class Mailbox:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, mail: Mail) -> None:
        row = pg_insert(MailboxMessage).values(
            id=mail.id, recipient=mail.to, subject=mail.subject, text=mail.text, html=mail.html, locale=mail.locale
        )
        await self._connection.execute(row.on_conflict_do_nothing(index_elements=[MailboxMessage.id]))

    async def purge(self, before: datetime) -> None:
        await self._connection.execute(delete(MailboxMessage).where(MailboxMessage.created_at < before))

    async def newest(self, recipient: str | None, limit: int) -> Sequence[MailboxMessage]:
        if recipient is None:
            return await self._connection.scalars(NEWEST, limit=limit)
        return await self._connection.scalars(NEWEST_TO, recipient=recipient, limit=limit)
