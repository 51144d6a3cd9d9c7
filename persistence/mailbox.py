"""The development mailbox."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.mails import Mail
from persistence.models import MailboxMessage


class Mailbox:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, mail: Mail) -> None:
        row = pg_insert(MailboxMessage).values(
            id=mail.id, recipient=mail.to, subject=mail.subject, text=mail.text, html=mail.html, locale=mail.locale
        )
        await self._session.execute(row.on_conflict_do_nothing(index_elements=[MailboxMessage.id]))

    async def purge(self, before: datetime) -> None:
        await self._session.execute(delete(MailboxMessage).where(MailboxMessage.created_at < before))

    async def newest(self, recipient: str | None, limit: int) -> Sequence[MailboxMessage]:
        rows = select(MailboxMessage).order_by(MailboxMessage.number.desc()).limit(limit)
        if recipient is not None:
            rows = rows.where(MailboxMessage.recipient == recipient)
        return (await self._session.scalars(rows)).all()
