"""How a person wants to be spoken to, and on which ways."""

from collections.abc import Mapping
from typing import Any

from domain.users import timestamp

COLUMNS = {
    "locale": "locale",
    "theme": "theme",
    "emailNotifications": "email_notifications",
    "pushNotifications": "push_notifications",
    "inAppNotifications": "in_app_notifications",
    "digestMode": "digest_mode",
}


def settings_columns(body: Mapping[str, Any]) -> dict[str, Any]:
    return {COLUMNS[name]: value for name, value in body.items()}


def settings_view(row: Any) -> dict[str, Any]:
    own = {name: getattr(row, column) for name, column in COLUMNS.items()}
    moments = {"createdAt": timestamp(row.created_at), "updatedAt": timestamp(row.updated_at)}
    return {"id": str(row.id), "userId": str(row.user_id), **own, **moments}
