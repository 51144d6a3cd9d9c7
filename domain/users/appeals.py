"""Objections to what was decided about an account or its content."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from domain.presenting import presented
from domain.wire import users as wire


def new_appeal(body: Mapping[str, Any]) -> dict[str, Any]:
    ban_id = body.get("banId")
    return {
        "type": body["type"],
        "reason": body["reason"],
        "evidence": body.get("evidence"),
        "ban_id": UUID(ban_id) if ban_id else None,
    }


def appeal_view(row: Any) -> wire.Appeal:
    return presented(wire.Appeal, row)
