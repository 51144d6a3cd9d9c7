"""Files that lie with a storage, uploads and archives alike, by whose they are.

A row outlives its account, so that the file is found and removed whatever ended the account.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, union, union_all, update

from persistence.engine.connection import Connection
from persistence.models import DataExport, OutboxJob, Upload
from persistence.outbox import DUE

KINDS = (Upload, DataExport)
Place = tuple[str, str]
"""Provider and key."""


class Files:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def of(self, user_id: UUID, limit: int) -> Sequence[Place]:
        """Some of the account's, at most so many."""
        owned = [select(row.provider, row.key).where(row.user_id == user_id) for row in KINDS]
        found = await self._connection.rows(union_all(*owned).limit(limit))
        return [(provider, key) for provider, key in found]

    async def forget(self, user_id: UUID, keys: Collection[str]) -> None:
        for row in KINDS:
            await self._connection.execute(delete(row).where(row.user_id == user_id, row.key.in_(keys)))

    async def disown(self, user_id: UUID) -> None:
        """All files of the account are nobody's from now on, as they are once it is deleted."""
        for row in KINDS:
            await self._connection.execute(update(row).where(row.user_id == user_id).values(user_id=None))

    async def keepers_of_ownerless(self) -> Sequence[str]:
        """The providers that keep files of nobody, which no job is to remove yet."""
        keepers = union(*(select(row.provider).where(row.user_id.is_(None)) for row in KINDS))
        busy = select(OutboxJob.payload["provider"].astext).where(*DUE, OutboxJob.topic == "gdpr.remove_ownerless")
        found, known = await self._connection.scalars(keepers), set(await self._connection.scalars(busy))
        return [provider for provider in found if provider not in known]

    async def ownerless(self, provider: str, after: str, limit: int) -> Sequence[str]:
        """The keys of files of nobody that come after the key ``after``, at most so many."""
        nobodys = [
            select(row.key.label("key")).where(row.user_id.is_(None), row.provider == provider, row.key > after)
            for row in KINDS
        ]
        return await self._connection.scalars(union_all(*nobodys).order_by("key").limit(limit))

    async def forget_ownerless(self, keys: Collection[str], before: datetime) -> None:
        """But those whose URL took a file after ``before``: another one may have come."""
        uploads = delete(Upload).where(Upload.user_id.is_(None), Upload.expires_at <= before)
        await self._connection.execute(uploads.where(Upload.key.in_(keys)))
        exports = delete(DataExport).where(DataExport.user_id.is_(None), DataExport.key.in_(keys))
        await self._connection.execute(exports)
