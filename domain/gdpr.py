"""What people may ask of us about their data: a copy of it, or its end."""

from datetime import datetime, timedelta
from typing import Any, get_args
from uuid import UUID, uuid5

from domain.clock import timestamp
from domain.config_keys import IntKey
from domain.presenting import presented
from domain.wire import gdpr as wire

DELETE_GRACE_DAYS = IntKey(
    "gdpr.delete_grace_days", 30, "days between the request to delete an account and its deletion", 1, 365
)
EXPORT_TTL_HOURS = IntKey("gdpr.export_ttl_hours", 24, "hours for which an archive of personal data is stored", 1, 720)

EXPORT = "EXPORT"
DELETION = "DELETION"
KINDS = (EXPORT, DELETION)
STATUSES: tuple[str, ...] = get_args(wire.GdprStatus)
EXPORT_TRIES = 5
# A request that nothing moved for so long lost its job.
STALLED = timedelta(days=1)


def export_keys(user_id: UUID, request_id: UUID) -> list[str]:
    """One for each try, and the last for any further: one that was given up and goes on writing spoils no other."""
    return [f"exports/{user_id}/{uuid5(request_id, str(number))}.zip" for number in range(EXPORT_TRIES)]


def export_view(request: Any) -> wire.ExportRequest:
    return presented(wire.ExportRequest, request)


def export_status_view(request: Any) -> wire.ExportStatus:
    return presented(wire.ExportStatus, request)


def deletion_view(request_id: UUID, ends: datetime) -> wire.DeletionRequest:
    return {"id": str(request_id), "status": "PENDING", "gracePeriodEnds": timestamp(ends)}


def day(moment: datetime) -> str:
    """A date as mails write it, in every language."""
    return f"{moment:%Y-%m-%d}"
