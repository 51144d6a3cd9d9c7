"""What a person agreed to, or did not."""

from typing import Any

from domain.users import timestamp


def consent_view(row: Any) -> dict[str, Any]:
    """Where the consent was given from is kept as evidence and not told."""
    return {
        "documentType": row.kind,
        "documentVersion": row.version,
        "accepted": row.granted,
        "createdAt": timestamp(row.created_at),
    }
