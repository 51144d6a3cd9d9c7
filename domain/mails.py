"""A mail, and a try to deliver it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.config_keys import Config, IntKey
from domain.presenting import presented
from domain.wire import dev as wire

SAME_ADDRESS_MINUTES = IntKey(
    "mail.same_address_minutes",
    5,
    "minutes between two mails of one kind to an address that anybody can trigger",
    0,
    1440,
)
SAME_ADDRESS_PER_DAY = IntKey(
    "mail.same_address_per_day", 5, "mails of one kind per day to an address that anybody can trigger", 1, 1000
)

DAY = timedelta(days=1)
RESERVED = 2
REFILL = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Mail:
    """A rendered message. ``id`` is stable over retries, so that a repeated delivery can be recognised as one.

    ``reply_to``: the address that an answer goes to, where that is not the sender's. ``unsubscribe``: the URL that mail
    programs call for a reader who wants no more of the kind.
    """

    id: UUID
    to: str
    subject: str
    text: str
    html: str
    locale: str
    reply_to: str | None = None
    unsubscribe: str | None = None


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
    """How many mails of a kind an address gets that anybody may cause, and how far apart.

    ``most``: in a ``span``, which begins with the first. ``refill``: after the last of the span there is another one
    each time that as long has passed.
    """

    gap: timedelta
    most: int
    refill: timedelta | None = None
    span: timedelta = DAY

    def link_life(self, sent: int, usual: timedelta) -> timedelta:
        """Of the link in the mail that is number ``sent``: it works until another one may be mailed, so whoever uses
        the mails up leaves the owner a link."""
        return max(usual, self.refill) if self.refill is not None and sent >= self.most else usual


def allowance(config: Config) -> Allowance:
    return Allowance(timedelta(minutes=config[SAME_ADDRESS_MINUTES]), config[SAME_ADDRESS_PER_DAY])


def allowance_of_known(config: Config) -> Allowance:
    """Of who was here before. Somebody else on the owner's network is taken for the owner, who must not wait for the
    next day.
    """
    return replace(allowance(config), refill=REFILL)


def allowance_of_strangers(config: Config) -> Allowance:
    """Where the owner can be told from strangers, these leave some of the day's mails to the owner.

    But the owner may be taken for one of them, too.
    """
    whole = allowance_of_known(config)
    return replace(whole, most=max(1, whole.most - RESERVED))


def message_view(message: Any) -> wire.MailboxMessage:
    return presented(wire.MailboxMessage, message, to=message.recipient)
