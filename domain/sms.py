"""A text message to a phone."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Sms:
    """``to`` is E.164. ``id`` is stable over retries, so that a repeated delivery can be recognised as one."""

    id: UUID
    to: str
    text: str
    locale: str
