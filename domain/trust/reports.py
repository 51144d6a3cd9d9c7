"""Notices of content that is illegal or against the rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from domain.auth.passwords import missing
from domain.users import Principal

# Who reports the abuse of a child need not say who they are (Digital Services Act, Art. 16(2)(c)).
NAMELESS = frozenset({"CHILD_SAFETY"})


class Target(NamedTuple):
    """``user_id``: whose it is. ``evidence``: what it looks like."""

    type: str
    id: UUID
    user_id: UUID
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reporter:
    """An account, or what somebody without one stated."""

    user_id: UUID | None
    name: str | None = None
    email: str | None = None


def reporter_of(body: Mapping[str, Any], principal: Principal | None) -> Reporter:
    """Raises ApiError validation.failed where nobody says who reports."""
    if principal is not None:
        return Reporter(principal.user_id)
    for field in ("name", "email"):
        if not body.get(field) and body["category"] not in NAMELESS:
            raise missing(field)
    return Reporter(None, body.get("name"), body.get("email"))


def as_id(given: str) -> UUID | None:
    """The id that was given, None for a name."""
    try:
        return UUID(given)
    except ValueError:
        return None


def called(evidence: Mapping[str, Any], target_id: UUID) -> str:
    """A target, as mails name it."""
    username = evidence.get("username")
    return f"@{username}" if username else str(target_id)


def notes_of_report(template: str, notice: Any) -> tuple[str, ...]:
    """Keys of what a mail about a report says beside."""
    if template == "report_decided":
        return (f"{template}.violation" if notice.state == "REJECTED" else f"{template}.no_violation",)
    return () if notice.email is None else (f"{template}.stranger",)
