"""Vendors that kill the process which asks them: before they act, after they acted, or right after they answered."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from enum import Enum
from threading import Event, Lock, RLock, Timer, local
from typing import Any

from psycopg.errors import DeadlockDetected

from tests.harness import Tables
from tests.http_server import Answer, StandIn, served
from tests.processes.biore import Process, until

SECONDS = 20.0
ID = re.compile(r"(?<=/)(?:[a-z]+_(?:test_)?[A-Za-z0-9]+|[A-Z0-9]{13}|[0-9]{4,}|[0-9a-f-]{36})(?=/|$)")
TIMES = """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND data_type = 'timestamp with time zone' AND table_name = ANY(%s)
    AND (table_name, column_name) <> ('payments', 'expires_at')
"""
AGING = [
    "bank_details", "idempotency_keys", "kyc_sessions", "outbox", "payments", "payout_accounts", "payout_attempts",
    "payouts", "provider_events", "refunds", "strays",
]  # fmt: skip


class Moment(Enum):
    BEFORE = "before it acts"
    ACTED = "after it acted"
    ANSWERED = "right after it answered"


@dataclass
class Shot:
    """Kills a process once ``waiting`` requests have come as far as they may; what is to be answered was, by then."""

    process: Process
    waiting: int
    answering: int
    delay: float = 0.0
    fired: Event = field(default_factory=Event)
    _over: Event = field(default_factory=Event)
    _lock: Any = field(default_factory=RLock)
    _all: Event = field(default_factory=Event)

    def come(self) -> None:
        with self._lock:
            self.waiting -= 1
            if self.waiting == 0:
                self._all.set()
                if self.answering == 0:
                    self._fire()
        self._all.wait(SECONDS)

    def answered(self) -> None:
        with self._lock:
            self.answering -= 1
            if self.answering == 0:
                Timer(self.delay, self._fire).start()

    def die(self) -> None:
        """For whom nobody is there any more to be answered."""
        self._over.wait(SECONDS)
        raise ConnectionError

    def spare(self) -> bool:
        """From here on nobody is killed; whether nobody was. A request may have been met by the aim just before."""
        with self._lock:
            self._over.set()
            return not self.fired.is_set()

    def _fire(self) -> None:
        """The whole group: a server may have processes of its own."""
        with self._lock:
            if not self._over.is_set():
                os.killpg(self.process.pid, signal.SIGKILL)
                self.fired.set()
                self._over.set()


@dataclass(frozen=True)
class Aim:
    """The request that it is met at, counted from 0."""

    number: int
    moment: Moment
    shot: Shot


class Deadly:
    """Stands before a vendor, and does as that does, but for the one request that is aimed at."""

    def __init__(self, vendor: StandIn) -> None:
        self.vendor = vendor
        self.released = vendor.released
        self.asked: list[str] = []
        self._aim: Aim | None = None
        self._lock = Lock()
        self._mine = local()

    def aim(self, aim: Aim | None) -> None:
        with self._lock:
            self.asked, self._aim = [], aim

    def respond(self, method: str, path: str, headers: Message, body: bytes) -> Answer:
        with self._lock:
            aim, number = self._aim, len(self.asked)
            self.asked.append(f"{method} {ID.sub('…', path)}")
        if aim is None or aim.number != number:
            return self.vendor.respond(method, path, headers, body)
        if aim.moment is Moment.BEFORE:
            aim.shot.come()
            aim.shot.die()
        answer = self.vendor.respond(method, path, headers, body)
        aim.shot.come()
        if aim.moment is Moment.ACTED:
            aim.shot.die()
        self._mine.shot = aim.shot
        return answer

    def answered(self) -> None:
        shot = self._mine.__dict__.pop("shot", None)
        if shot is not None:
            shot.answered()

    @contextmanager
    def standing(self) -> Iterator[str]:
        with served(self, self.answered) as url:
            yield url


RECURRING = "UPDATE scheduled_jobs SET next_due = now() WHERE topic = %s"
SWEEPERS = ["creators.look_at_payout_accounts", "events.sweep", "payments.sweep", "payouts.sweep"]


def let_pass(tables: Tables, seconds: int) -> None:
    """As if all that waits or is claimed had waited for so long already."""
    for row in tables.rows(TIMES, AGING):
        table, column = row["table_name"], row["column_name"]
        earlier = f"UPDATE {table} SET {column} = {column} - %s * interval '1 s' WHERE {column} IS NOT NULL"  # noqa: S608
        insist(tables, earlier, seconds)
    sweep(tables)


def insist(tables: Tables, statement: str, *values: Any) -> None:
    """Again where a worker that lives, or whose last statement does, held some of the rows in another order."""

    def done() -> bool:
        try:
            tables.run(statement, *values)
        except DeadlockDetected:
            return False
        return True

    until(done, statement)


def sweep(tables: Tables) -> None:
    """The time of all sweepers has come, of each that is not at it."""
    for topic in SWEEPERS:  # one at a time: the workers' schedulers hold several, in an order of their own
        tables.run(RECURRING, topic)
