"""What people may ask of us about their data: a copy of it, or its end."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.users import timestamp

EXPORT = "EXPORT"
DELETION = "DELETION"
KINDS = (EXPORT, DELETION)
STATUSES = ("PENDING", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED")
EXPORT_TRIES = 5
# A request that nothing moved for so long lost its job.
STALLED = timedelta(days=1)


def export_key(user_id: UUID, request_id: UUID) -> str:
    return f"exports/{user_id}/{request_id}.zip"


def export_view(request: Any) -> dict[str, Any]:
    return {"id": str(request.id), "status": request.status, "createdAt": timestamp(request.created_at)}


def export_status_view(request: Any) -> dict[str, Any]:
    return export_view(request) | {"completedAt": timestamp(request.completed_at)}


def deletion_view(request_id: UUID, ends: datetime) -> dict[str, Any]:
    return {"id": str(request_id), "status": "PENDING", "gracePeriodEnds": timestamp(ends)}


def day(moment: datetime) -> str:
    """A date as mails write it, in every language."""
    return f"{moment:%Y-%m-%d}"
