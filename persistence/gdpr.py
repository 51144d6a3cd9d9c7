"""Wishes to be exported or erased. Every change of state is one guarded statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Text, and_, bindparam, cast, delete, exists, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from domain.errors import ApiError
from domain.gdpr import DELETION, EXPORT
from persistence.creators.pages import BioPages
from persistence.engine.connection import Connection
from persistence.models import DataExport, GdprRequest, OutboxJob, Session, User
from persistence.outbox import DUE
from persistence.users import MOVED_ON, hold

Row = GdprRequest


@dataclass(frozen=True, slots=True)
class Farewell:
    """What is still known of a person when the account is erased. ``since``: when it was to be."""

    user_id: UUID
    email: str
    locale: str | None
    since: datetime


BY_ID = select(Row).where(Row.id == bindparam("request_id"))
WITH_ARCHIVE = (
    select(Row, DataExport)
    .outerjoin(DataExport, and_(DataExport.request_id == Row.id, DataExport.expires_at > bindparam("now")))
    .where(Row.id == bindparam("request_id"))
)


class GdprRequests:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(
        self, user_id: UUID, kind: str, *, unless: Sequence[str], ends: datetime | None = None
    ) -> GdprRequest | None:
        """A new pending request; None while one of the same kind is in a state of ``unless``, or pending."""
        standing = exists().where(Row.user_id == user_id, Row.kind == kind, Row.status.in_(unless))
        fresh = select(literal(uuid4()), literal(user_id), literal(kind), literal(ends, Row.grace_ends_at.type))
        row = pg_insert(Row).from_select(["id", "user_id", "kind", "grace_ends_at"], fresh.where(~standing))
        added = row.on_conflict_do_nothing().returning(Row)
        return await self._connection.scalar(added)

    async def get_own(self, request_id: UUID, user_id: UUID) -> GdprRequest:
        """Raises ApiError error.gdpr.request_not_found, or error.gdpr.not_owner for somebody else's."""
        return _own(await self._connection.scalar(BY_ID, request_id=request_id), user_id)

    async def get_own_with_archive(
        self, request_id: UUID, user_id: UUID, now: datetime
    ) -> tuple[GdprRequest, DataExport | None]:
        """As ``get_own``, with the archive while it is kept."""
        found = await self._connection.row(WITH_ARCHIVE, request_id=request_id, now=now)
        request, archive = found or (None, None)
        return _own(request, user_id), archive

    async def begin_export(self, request_id: UUID) -> UUID | None:
        """Whose data it is about; None when nothing is to be done any more. A crashed try is taken up again."""
        open_ = update(Row).where(
            Row.id == request_id,
            Row.kind == EXPORT,
            Row.status.in_(("PENDING", "PROCESSING")),
            exists().where(User.id == Row.user_id, User.status != "DELETED"),
        )
        return await self._connection.scalar(open_.values(status="PROCESSING").returning(Row.user_id))

    async def complete_export(self, request_id: UUID, user_id: UUID, now: datetime) -> bool:
        """False when it was ended by another, or the account is being erased: then nothing may be kept of it.

        Holds the account still, so that an erasure either knows the archive or stops it.
        """
        await hold(self._connection, user_id)
        alive = exists().where(User.id == user_id, User.status != "DELETED")
        processing = update(Row).where(Row.id == request_id, Row.status == "PROCESSING", alive)
        completed = processing.values(status="COMPLETED", completed_at=now).returning(Row.id)
        return await self._connection.scalar(completed) is not None

    async def fail_export(self, request_id: UUID, now: datetime) -> None:
        processing = update(Row).where(Row.id == request_id, Row.status == "PROCESSING")
        await self._connection.execute(processing.values(status="FAILED", completed_at=now))

    async def give_up_stalled(self, before: datetime, now: datetime) -> Sequence[tuple[UUID, UUID]]:
        """Exports that nobody works on any more, so that a new one can be asked for: of whom, and which."""
        stalled = update(Row).where(
            Row.kind == EXPORT,
            Row.status.in_(("PENDING", "PROCESSING")),
            Row.created_at < before,
            ~_queued("gdpr.build_export", "request", Row.id),
        )
        given_up = stalled.values(status="FAILED", completed_at=now).returning(Row.user_id, Row.id)
        return [(row.user_id, row.id) for row in await self._connection.rows(given_up)]

    async def cancel_deletion(self, user_id: UUID, now: datetime) -> UUID | None:
        """The pending erasure that is off now; None when there is none, or it has begun."""
        await hold(self._connection, user_id)
        pending = update(Row).where(Row.user_id == user_id, Row.kind == DELETION, Row.status == "PENDING")
        return await self._connection.scalar(pending.values(status="CANCELLED", completed_at=now).returning(Row.id))

    async def list_due_deletions(self, now: datetime, limit: int) -> Sequence[UUID]:
        """Erasures whose grace ended, and such that began and lost their job."""
        due = or_(and_(Row.status == "PENDING", Row.grace_ends_at <= now), Row.status == "PROCESSING")
        query = select(Row.id).where(Row.kind == DELETION, due, ~_queued("gdpr.erase", "request", Row.id))
        return await self._connection.scalars(query.order_by(Row.grace_ends_at).limit(limit))

    async def begin_erasure(self, request_id: UUID, now: datetime) -> Farewell | None:
        """From here on nobody stops it: the account is DELETED for whoever asks. None when it is not to be.

        Holds the account still, so that it is either brought back or erased.
        """
        request = await self._connection.scalar(BY_ID, request_id=request_id)
        if request is None:
            return None
        await hold(self._connection, request.user_id)
        due = update(Row).where(
            Row.id == request_id,
            Row.kind == DELETION,
            or_(and_(Row.status == "PENDING", Row.grace_ends_at <= now), Row.status == "PROCESSING"),
        )
        if await self._connection.scalar(due.values(status="PROCESSING").returning(Row.id)) is None:
            return None
        gone = update(User).where(User.id == request.user_id).values(status="DELETED", **MOVED_ON)
        told = await self._connection.one(gone.returning(User.email, User.locale))
        await BioPages(self._connection).changed_of(request.user_id, by_owner=False)
        return Farewell(request.user_id, told.email, told.locale, request.grace_ends_at or request.created_at)

    async def end_erasure(self, request_id: UUID, user_id: UUID, now: datetime) -> Sequence[UUID] | None:
        """The exports that were open and are off; None when another worker ended it."""
        processing = update(Row).where(Row.id == request_id, Row.status == "PROCESSING")
        ended = processing.values(status="COMPLETED", completed_at=now).returning(Row.id)
        if await self._connection.scalar(ended) is None:
            return None
        open_ = update(Row).where(Row.user_id == user_id, Row.status.in_(("PENDING", "PROCESSING")))
        cancelled = open_.values(status="CANCELLED", completed_at=now).returning(Row.id, Row.kind)
        return [row.id for row in await self._connection.rows(cancelled) if row.kind == EXPORT]


class DataExports:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, **columns: Any) -> None:
        await self._connection.execute(insert(DataExport).values(**columns))

    async def find(self, export_id: UUID) -> DataExport | None:
        return await self._connection.scalar(select(DataExport).where(DataExport.id == export_id))

    async def spend(self, export_id: UUID, downloads: int, session_id: UUID, now: datetime) -> bool:
        """Count a download; False when there was another since the URL was made, or the archive expired or is nobody's.

        So it is when the session that asked for the URL ended since, or what it proved was voided.
        """
        row, asker = DataExport, Session
        standing = exists().where(asker.id == session_id, asker.user_id == row.user_id, asker.revoked_at.is_(None))
        standing = standing.where(asker.expires_at > now, asker.confirmed_at.is_not(None))
        good = update(row).where(row.id == export_id, row.downloads == downloads, row.expires_at > now, standing)
        return await self._connection.scalar(good.values(downloads=downloads + 1).returning(row.id)) is not None

    async def list_expired(self, now: datetime, limit: int) -> Sequence[UUID]:
        row = DataExport
        queued = _queued("gdpr.forget_export", "export", row.id)
        expired = select(row.id).where(row.expires_at <= now, ~queued).order_by(row.expires_at)
        return await self._connection.scalars(expired.limit(limit))

    async def forget(self, export_id: UUID) -> None:
        await self._connection.execute(delete(DataExport).where(DataExport.id == export_id))


def _own(request: GdprRequest | None, user_id: UUID) -> GdprRequest:
    if request is None:
        raise ApiError("error.gdpr.request_not_found")
    if request.user_id != user_id:
        raise ApiError("error.gdpr.not_owner")
    return request


def _queued(topic: str, name: str, row_id: Any) -> Any:
    """Whether a job that names the row is still to be done."""
    return exists().where(*DUE, OutboxJob.topic == topic, OutboxJob.payload[name].astext == cast(row_id, Text))
