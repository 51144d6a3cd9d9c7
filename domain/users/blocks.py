"""Whom a person does not want to hear from."""

from typing import Any

from domain.users import timestamp


def blocked_view(row: Any) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "username": row.username,
        "displayName": row.display_name,
        "blockedAt": timestamp(row.created_at),
    }
