"""What providers tell of themselves, and what becomes of it. A notice is a hint to look, never a fact to believe.

It is stored with the answer that says so, and a job looks then at the provider for how things are by now: neither order
nor repetition of notices matters, and none can lie.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, get_args

from domain.presenting import presented
from domain.wire import common as wire

STATES: tuple[str, ...] = get_args(wire.WebhookEventState)
"""``WAITING`` for what it is about to be known here, in vain ``UNMATCHED``. ``IGNORED`` is of a type that nobody reads;
``PARKED`` could not be read, or could not be applied however often it was tried."""
BEGUN = ("RECEIVED", "WAITING")
FAILED = ("PARKED", "UNMATCHED")
"""Nobody deals with them any more, and not all is known to be in the books."""
MOST_TRIES = 16
AGAIN = 2.0
LONGEST_AGAIN = 3600.0
WAITED = timedelta(minutes=10)
"""For how long something may become known here that a provider knows already: our own commit may be later."""
LONGEST_WAIT = timedelta(minutes=1)
SILENCE = timedelta(minutes=10)
"""Beyond the time at which a job is due, until it is taken for lost."""
PARKED_AGAIN = timedelta(hours=1)
PARKED_FOR = timedelta(days=3)
PAYLOAD_KEPT = timedelta(days=90)
IGNORED_KEPT = timedelta(days=30)
# Below which path of this server providers tell of themselves, as `x-biore-webhooks` of the contract says.
WEBHOOKS = "/api/v1/webhooks/"


@dataclass(frozen=True, slots=True)
class RawNotice:
    """A request as it came: headers by lower-case name with each of their lines, and the very bytes of the body."""

    headers: Mapping[str, Sequence[str]]
    body: bytes = field(repr=False)
    query: str = ""

    def only(self, name: str) -> str | None:
        """The value of a header that was sent exactly once."""
        lines = self.headers.get(name, ())
        return lines[0] if len(lines) == 1 else None


@dataclass(frozen=True, slots=True)
class Notice:
    """``external_id`` is the provider's id of the notice; None for a bare ping, of which only the object is known.

    ``type`` is the provider's word, ``object_ref`` its id of what the notice is about.
    """

    external_id: str | None
    type: str
    object_ref: str | None
    occurred_at: datetime | None = None

    @property
    def key(self) -> str:
        """What it is known by. Repetitions have the same, and so do all pings of one object."""
        return self.external_id or f"object:{self.object_ref}"


class Hopeless(Exception):
    """However often it is tried, the provider will refuse: it says so of what the notice is about."""


def next_try_within(tries: int) -> timedelta:
    """Until when the next try is due at the latest, whoever makes it, as ``domain.jobs.retry_delay`` spreads them."""
    return timedelta(seconds=min(LONGEST_AGAIN, AGAIN * 2 ** min(tries, 12))) + SILENCE


def next_look(waits: int, received_at: datetime, now: datetime) -> timedelta | None:
    """After how long to look again for what is not known here: 2, 4, 8 … seconds, then each minute, for 10 minutes.

    None when these have passed.
    """
    left = received_at + WAITED - now
    return min(timedelta(seconds=AGAIN * 2 ** min(waits, 12)), LONGEST_WAIT, left) if left > timedelta(0) else None


def may_be_replayed(event: Any) -> bool:
    """One that nobody deals with now, and that says what it is about."""
    return event.state not in BEGUN and event.object_ref is not None


def webhook_event_view(row: Any) -> wire.WebhookEvent:
    """Without what the provider sent."""
    return presented(wire.WebhookEvent, row)
