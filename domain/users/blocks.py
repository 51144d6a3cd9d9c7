"""Whom a person does not want to hear from."""

from typing import Any

from domain.clock import timestamp
from domain.presenting import presented
from domain.wire import users as wire


def blocked_view(row: Any) -> wire.BlockedUser:
    return presented(wire.BlockedUser, row, blockedAt=timestamp(row.created_at))
