"""Generated from the contract by `make spec`."""

from typing import Literal, TypeAlias, TypedDict


GdprStatus: TypeAlias = Literal["PENDING", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"]


class ExportRequest(TypedDict):
    id: str
    status: GdprStatus
    createdAt: str


class LegacyExport(TypedDict):
    requestId: str


class DeletionRequest(TypedDict):
    id: str
    status: GdprStatus
    gracePeriodEnds: str


class LegacyDeletionRequest(TypedDict):
    password: str


class LegacyDeletion(TypedDict):
    scheduledAt: str


class ExportStatus(TypedDict):
    id: str
    status: GdprStatus
    createdAt: str
    completedAt: str | None


class ExportDownload(TypedDict):
    downloadUrl: str
    expiresAt: str
