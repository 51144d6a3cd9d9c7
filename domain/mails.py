"""A mail, and a try to deliver it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.config_keys import Config
from domain.users import timestamp

DAY = timedelta(days=1)
RESERVED = 2


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
    """One try with one provider, as it is recorded. ``family``: email | sms.

    ``outcome``: delivered | unavailable | rejected.
    """

    family: str
    provider: str
    outcome: str
    error: str | None
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many mails of a kind an address gets that anybody may cause, and how far apart."""

    gap: timedelta
    a_day: int


def allowance(config: Config) -> Allowance:
    return Allowance(timedelta(minutes=config["mail.same_address_minutes"]), config["mail.same_address_per_day"])


def allowance_of_strangers(config: Config) -> Allowance:
    """Where the owner can be told from strangers, these leave some of the day's mails to the owner."""
    whole = allowance(config)
    return replace(whole, a_day=max(1, whole.a_day - RESERVED))


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
