"""Signed URLs that were given out, and what became of their files."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Text, and_, bindparam, cast, delete, exists, false, func, insert, or_, select, true, update

from domain.errors import ApiError
from domain.jobs import GivenUp
from domain.upload import DAY, Slot, Usage
from persistence.engine.connection import Connection
from persistence.models import OutboxJob, Upload
from persistence.outbox import DUE

# For a file that somebody is to have.
WAITING = (Upload.status == "PENDING", Upload.user_id.is_not(None))


class Unseen(NamedTuple):
    """``looks`` at the file that failed for good; ``deadly``: workers may have died of one."""

    upload: Upload
    looks: int
    deadly: bool


BY_ID = select(Upload).where(Upload.id == bindparam("upload_id"))


class Uploads:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, upload_id: UUID, user_id: UUID, kind: str, slot: Slot, now: datetime, **columns: Any) -> None:
        row = insert(Upload).values(
            id=upload_id,
            user_id=user_id,
            kind=kind,
            key=slot.key,
            content_type=slot.content_type,
            max_bytes=slot.most_bytes,
            expires_at=now + slot.life,
            **columns,
        )
        await self._connection.execute(row)

    async def usage(self, user_id: UUID, now: datetime) -> Usage:
        """Of one account. Whoever holds its row still can count on it until the transaction ends."""
        comes = or_(Upload.expires_at > now, Upload.uploaded_at.is_not(None), Upload.direct)
        open_ = and_(Upload.status == "PENDING", comes)
        query = select(
            func.count().filter(open_),
            func.min(Upload.expires_at).filter(open_),
            func.count(),
            func.coalesce(func.sum(func.coalesce(Upload.size, Upload.max_bytes)), 0),
            func.min(Upload.created_at) + DAY,
        ).where(Upload.user_id == user_id, Upload.created_at > now - DAY)
        open_slots, next_slot_at, files, taken, next_free_at = await self._connection.one(query)
        return Usage(open_slots, next_slot_at, files, int(taken), next_free_at)

    async def claim(self, key: str, size: int, now: datetime) -> UUID | None:
        """The upload that takes its file now; None when it took one before, or is to take none."""
        waiting = update(Upload).where(Upload.key == key, Upload.uploaded_at.is_(None), *WAITING)
        return await self._connection.scalar(waiting.values(uploaded_at=now, size=size).returning(Upload.id))

    async def find(self, upload_id: UUID) -> Upload | None:
        return await self._connection.scalar(BY_ID, upload_id=upload_id)

    async def get_own(self, upload_id: UUID, user_id: UUID) -> Upload:
        """Raises ApiError error.upload.not_found, for somebody else's too."""
        upload = await self.find(upload_id)
        if upload is None or upload.user_id != user_id:
            raise ApiError("error.upload.not_found")
        return upload

    async def find_by_key(self, key: str | None) -> Upload | None:
        return None if key is None else await self._connection.scalar(select(Upload).where(Upload.key == key))

    async def list_expired(self, before: datetime, limit: int) -> Sequence[Unseen]:
        """Those whose URL takes nothing any more and whose file nobody has looked at, the oldest first."""
        look = and_(
            OutboxJob.topic == "storage.inspect_upload", OutboxJob.payload["upload"].astext == cast(Upload.id, Text)
        )
        died = OutboxJob.last_error.startswith(f"{GivenUp.__name__}:", autoescape=True)
        failed = select(func.count().label("looks"), func.coalesce(func.bool_or(died), false()).label("died"))
        failed_looks = failed.where(OutboxJob.dead_at.is_not(None), look).lateral()
        pending = select(Upload, failed_looks.c.looks, failed_looks.c.died).join(failed_looks, true())
        pending = pending.where(*WAITING, Upload.expires_at <= before, ~exists().where(*DUE, look))
        return [Unseen(*row) for row in await self._connection.rows(pending.order_by(Upload.expires_at).limit(limit))]

    async def settle(self, upload_id: UUID, status: str, **columns: Any) -> bool:
        """End the wait for a file; False when another worker did so first, or it is nobody's by now."""
        pending = update(Upload).where(Upload.id == upload_id, *WAITING)
        return await self._connection.scalar(pending.values(status=status, **columns).returning(Upload.id)) is not None

    async def is_gone(self, upload_id: UUID) -> bool:
        """Whether its file was removed or is to be, with its row or without."""
        owned = exists().where(Upload.id == upload_id, Upload.user_id.is_not(None))
        kept = owned.where(Upload.status.not_in(("REJECTED", "DELETED")))
        return not await self._connection.scalar(select(kept))

    async def release(self, upload_id: UUID) -> None:
        """Take back a claim whose file could not be kept: the URL works again."""
        pending = update(Upload).where(Upload.id == upload_id, Upload.status == "PENDING")
        await self._connection.execute(pending.values(uploaded_at=None, size=None))

    async def mark_deleted(self, key: str) -> Upload | None:
        """The upload, if there is one."""
        named = update(Upload).where(Upload.key == key).values(status="DELETED")
        return await self._connection.scalar(named.returning(Upload))

    async def end_unused(self, upload_id: UUID) -> None:
        """It was looked for as any other and counts among the files of its day, but it brought no bytes."""
        pending = update(Upload).where(Upload.id == upload_id, Upload.status == "PENDING")
        await self._connection.execute(pending.values(status="DELETED", size=0))

    async def purge(self, before: datetime) -> None:
        """Forget those whose files are long gone."""
        ended = delete(Upload).where(Upload.status.in_(("REJECTED", "DELETED")), Upload.created_at < before)
        await self._connection.execute(ended)
