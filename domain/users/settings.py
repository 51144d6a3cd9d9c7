"""How a person wants to be spoken to, and on which ways."""

from collections.abc import Mapping
from typing import Any

from domain.presenting import presented
from domain.wire import users as wire

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


def settings_view(row: Any) -> wire.UserSettings:
    return presented(wire.UserSettings, row)
