"""What the worker is asked to do, and when it tries again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import Generic, TypeVar
from uuid import UUID

from domain.topics import Topic

Carried = TypeVar("Carried", bound=Topic, covariant=True)

FIRST_DELAY = 2.0
LONGEST_DELAY = 3600.0
MAX_ATTEMPTS = 16
LEASE = timedelta(seconds=30)
"""A worker's claim on a job ends by itself so long after the worker last renewed it."""


class Lane(IntEnum):
    """Jobs wait only for those of their own lane. The numbers are those of the table."""

    CODES = 0  # people wait for them: mails and text messages
    NORMAL = 1
    BULK = 2  # archives and erasures, which take minutes; mails to everybody
    FILES = 3  # each takes room for two files of the largest size
    EVENTS = 4  # each waits for a provider, and may be about money


# How many jobs of each lane a worker runs at a time.
PLACES: Mapping[Lane, int] = {Lane.CODES: 10, Lane.NORMAL: 2, Lane.BULK: 2, Lane.FILES: 2, Lane.EVENTS: 4}
LANES: Mapping[str, Lane] = {
    "auth": Lane.CODES,
    "email": Lane.CODES,
    "email.legal_changed": Lane.BULK,  # to everybody
    "sms": Lane.CODES,
    "subscribers": Lane.CODES,
    "events.apply": Lane.EVENTS,
    "payments": Lane.EVENTS,
    "payouts": Lane.EVENTS,
    "gdpr": Lane.BULK,
    "storage": Lane.FILES,
}


def lane_of(topic: str) -> Lane:
    return LANES.get(topic, LANES.get(topic.partition(".")[0], Lane.NORMAL))


@dataclass(frozen=True, slots=True)
class Job(Generic[Carried]):
    """``secret`` was sealed beside the payload; empty for none. ``attempt`` counts from 1."""

    id: UUID
    payload: Carried
    secret: str
    attempt: int


class UnknownTopic(Exception):
    """A job of a newer version, which another worker may know."""


class GivenUp(Exception):
    """The job was begun as often as it may be, and did not end: it may be what its workers died of."""


def require_try(attempt: int) -> None:
    """Each claim counts, whatever became of it. Raises GivenUp."""
    if attempt > MAX_ATTEMPTS:
        raise GivenUp(f"begun {MAX_ATTEMPTS} times, and the last worker never told how it ended")


def retry_delay(attempt: int, random: float) -> timedelta:
    """Doubling from 2 seconds to an hour, between half and all of it (``random`` in 0..1), so that retries spread out.

    16 attempts reach over some four hours.
    """
    longest = min(LONGEST_DELAY, FIRST_DELAY * 2 ** (attempt - 1))
    return timedelta(seconds=longest * (0.5 + random / 2))
