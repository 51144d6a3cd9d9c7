"""A provider of verifications of our own, for development and staging: what a button of its page does to its book."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import NamedTuple

from domain.wire import dev

Action = dev.KycOutcome

CHANGED = "verification.changed"
MADE: Mapping[Action, tuple[str, bool]] = {
    "submit": ("PROCESSING", False),
    "approve": ("APPROVED", False),
    "reject": ("REJECTED", False),
    "reject_for_good": ("REJECTED", True),
    "resubmit": ("OPEN", False),
    "expire": ("EXPIRED", False),
}
"""Its status, and whether that is for good. All of it can be done at any time."""
LABELS: Mapping[Action, str] = {
    "submit": "Submit", "approve": "Approve", "reject": "Reject", "reject_for_good": "Reject for good",
    "resubmit": "Request resubmission", "expire": "Expire",
}  # fmt: skip


def made_by(action: str) -> tuple[str, bool] | None:
    """None for what cannot be done to it."""
    return next((made for known, made in MADE.items() if known == action), None)


class Document(NamedTuple):
    """What was shown, as whoever presses a button says."""

    number: str = ""
    until: date | None = None


NONE = Document()


def document_of(body: dev.SimulateKycRequest) -> Document:
    until = body.get("documentUntil")
    return Document(body.get("document", ""), None if until is None else _day(until))


def _day(moment: str) -> date:
    return datetime.fromisoformat(moment).astimezone(UTC).date()
