"""Signed URLs that were given out, and what became of their files."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.uploads import Slot
from persistence.models import OutboxJob, Upload
from persistence.outbox import DUE


class Uploads:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, user_id: UUID, kind: str, provider: str, slot: Slot, now: datetime) -> UUID:
        row = insert(Upload).values(
            user_id=user_id,
            kind=kind,
            key=slot.key,
            provider=provider,
            content_type=slot.content_type,
            max_bytes=slot.max_bytes,
            expires_at=now + slot.life,
        )
        upload_id: UUID = (await self._session.execute(row.returning(Upload.id))).scalar_one()
        return upload_id

    async def claim(self, key: str, size: int, now: datetime) -> UUID | None:
        """The upload that takes its file now; None when it took one before, or never was to take one."""
        waiting = update(Upload).where(Upload.key == key, Upload.status == "PENDING", Upload.uploaded_at.is_(None))
        return await self._session.scalar(waiting.values(uploaded_at=now, size=size).returning(Upload.id))

    async def find(self, upload_id: UUID) -> Upload | None:
        return await self._session.get(Upload, upload_id)

    async def find_by_key(self, key: str) -> Upload | None:
        return await self._session.scalar(select(Upload).where(Upload.key == key))

    async def list_expired(self, before: datetime, limit: int) -> Sequence[UUID]:
        """Those whose URL takes nothing any more and whose file nobody has looked at, the oldest first."""
        look = OutboxJob.payload["upload"].astext == cast(Upload.id, Text)
        queued = exists().where(*DUE, OutboxJob.topic == "storage.inspect_upload", look)
        pending = select(Upload.id).where(Upload.status == "PENDING", Upload.expires_at <= before, ~queued)
        return (await self._session.scalars(pending.order_by(Upload.expires_at).limit(limit))).all()

    async def settle(self, upload_id: UUID, status: str, **columns: Any) -> bool:
        """End the wait for a file; False when another worker did so first."""
        pending = update(Upload).where(Upload.id == upload_id, Upload.status == "PENDING")
        return await self._session.scalar(pending.values(status=status, **columns).returning(Upload.id)) is not None

    async def mark_deleted(self, key: str) -> None:
        await self._session.execute(update(Upload).where(Upload.key == key).values(status="DELETED"))

    async def forget(self, upload_id: UUID) -> None:
        """Of a URL that nobody used."""
        await self._session.execute(delete(Upload).where(Upload.id == upload_id, Upload.status == "PENDING"))

    async def purge(self, before: datetime) -> None:
        """Forget those whose files are long gone."""
        ended = delete(Upload).where(Upload.status.in_(("REJECTED", "DELETED")), Upload.created_at < before)
        await self._session.execute(ended)
