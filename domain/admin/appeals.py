"""Appeals, as those see and decide them who work on them (DSA Art. 20)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.admin.statements import read_until, statement_view
from domain.auth.passwords import missing
from domain.clock import timestamp
from domain.errors import ApiError, transition_invalid
from domain.presenting import presented
from domain.wire import admin as wire

PERMISSION = "trust.appeals"
EARLIER = 20


def appeal_view(appeal: Any) -> wire.AppealToReview:
    return presented(wire.AppealToReview, appeal)


def full_view(appeal: Any, statement: Any, earlier: Sequence[Any]) -> wire.AppealInFull:
    """``statement`` is a row with the id of its ban, or None."""
    found: wire.AppealInFull = {
        "appeal": appeal_view(appeal),
        "earlier": [presented(wire.EarlierAppeal, row) for row in earlier],
    }
    if statement is not None:
        found["statement"] = statement_view(statement)
    return found


def require_mine(appeal: Any, by: Any) -> None:
    """Raises ApiError admin.transition_invalid for one that waits for nobody's decision, admin.case.taken for one that
    waits for somebody else's."""
    if appeal.status != "UNDER_REVIEW":
        raise transition_invalid(appeal.status, "DECIDED")
    if appeal.assignee != by:
        raise ApiError("admin.case.taken")


def shorter_until(body: Mapping[str, Any], statement: Any, now: datetime) -> datetime:
    """Until when a restriction stays that was too long.

    Raises ApiError admin.transition_invalid where none applies, validation.failed for a time that does not shorten it.
    """
    until = read_until(body, now)
    if until is None:
        raise missing("until")
    if statement is None or statement.lifted_at is not None:
        raise transition_invalid("NONE" if statement is None else statement.ended_as, "PARTLY")
    if statement.ends_at is not None and until >= statement.ends_at:
        details = [{"field": "until", "rule": "maximum", "limit": timestamp(statement.ends_at)}]
        raise ApiError("validation.failed", details=details)
    return until
