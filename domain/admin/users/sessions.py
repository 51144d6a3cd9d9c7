"""Sessions of an account as staff views them."""

from __future__ import annotations

from typing import Any

from domain.admin import PII
from domain.admin.masking import masked_ip
from domain.presenting import presented
from domain.users import Principal
from domain.wire import admin as wire


def session_view(row: Any, device: str | None, principal: Principal) -> wire.AdminUserSession:
    ip = row.ip if PII in principal.permissions else masked_ip(row.ip)
    return presented(wire.AdminUserSession, row, device=device, ip=ip)
