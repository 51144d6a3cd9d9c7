"""Figures of the platform, each from an index and counted to a bound, in one round trip."""

from datetime import datetime
from typing import Any

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.dialects.postgresql import array

from domain.admin.overview import COUNTED_TO, SIGN_INS, Figures
from persistence.engine.connection import Connection
from persistence.models import Appeal, AuditLog, ModerationCase, OutboxJob, User
from persistence.models.appeals import IS_OPEN as APPEAL_IS_OPEN
from persistence.models.moderation import IS_OPEN as CASE_IS_OPEN
from persistence.outbox import DEAD, DUE


class Overview:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def figures(self, today: datetime, month: datetime) -> Figures:
        """``today`` and ``month``: since when is counted."""
        figures = {
            "sign_ups_today": _count(User.id, User.created_at >= today),
            "sign_ups_month": _count(User.id, User.created_at >= month),
            "sign_ins_today": _count(AuditLog.id, _signed_in(), AuditLog.created_at >= today),
            "sign_ins_month": _count(AuditLog.id, _signed_in(), AuditLog.created_at >= month),
            "open_cases": _count(ModerationCase.id, CASE_IS_OPEN),
            "open_appeals": _count(Appeal.id, APPEAL_IS_OPEN),
            "dead_jobs": _count(OutboxJob.id, *DEAD),
            "due_jobs": _count(OutboxJob.id, *DUE, OutboxJob.available_at <= func.now()),
        }
        return Figures._make(await self._connection.one(select(*[figures[name] for name in Figures._fields])))


def _signed_in() -> Any:
    return AuditLog.action == func.any(array(SIGN_INS))


def _count(column: Any, *where: Any) -> ScalarSelect[int]:
    """No further than shows that there are more than are counted."""
    found = select(column).where(*where).limit(COUNTED_TO + 1).subquery()
    return select(func.count()).select_from(found).scalar_subquery()
