"""A mail, and a try to deliver it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.users import timestamp

MAILBOX_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Mail:
    """A rendered message. ``id`` is stable over retries, so that a repeated delivery can be recognised as one."""

    id: UUID
    to: str
    subject: str
    text: str
    html: str
    locale: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try with one provider, as it is recorded. ``outcome``: delivered | unavailable | rejected."""

    provider: str
    outcome: str
    error: str | None
    started_at: datetime


def message_view(message: Any) -> dict[str, Any]:
    return {
        "id": str(message.id),
        "to": message.recipient,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "locale": message.locale,
        "createdAt": timestamp(message.created_at),
    }
