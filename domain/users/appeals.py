"""Objections to what was decided about an account or its content (DSA Art. 20)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.admin.statements import APPEAL_DAYS
from domain.config_keys import Config
from domain.errors import ApiError
from domain.presenting import presented
from domain.wire import users as wire


def new_appeal(body: Mapping[str, Any], statement: Any) -> dict[str, Any]:
    ban_id = body.get("banId")
    return {
        "type": body["type"],
        "reason": body["reason"],
        "evidence": body.get("evidence"),
        "ban_id": UUID(ban_id) if ban_id else None,
        "statement_id": statement.id if statement else None,
    }


def new_appeal_by_link(body: Mapping[str, Any], statement: Any) -> dict[str, Any]:
    kind = "ban" if statement.type.startswith("ACCOUNT_") else "content_removal"
    return new_appeal({**body, "type": kind}, statement)


def appeal_until(statement: Any, config: Config) -> datetime:
    until: datetime = statement.created_at + timedelta(days=config[APPEAL_DAYS])
    return until


def require_open(statement: Any, now: datetime, config: Config) -> None:
    """Raises ApiError error.trust_safety.appeal_closed when the statement is too old to be appealed against."""
    if statement is not None and appeal_until(statement, config) <= now:
        raise ApiError("error.trust_safety.appeal_closed")


def appeal_view(row: Any) -> wire.Appeal:
    return presented(wire.Appeal, row)
