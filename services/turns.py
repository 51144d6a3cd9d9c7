"""Whose turn it is at a few threads: signed-in people first, then devices that are known, then strangers, and among
those every network and every account that is aimed at gets its share.

Nobody waits in vain: whoever would not get a turn in time is refused at once, and who has gone loses the turn.
"""

import asyncio
import threading
import time
from bisect import insort
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from domain.errors import ApiError

T = TypeVar("T")

DEADLINE_SECONDS = 3.0
MOST_WAITING_OF_ONE = 4
# Of the first turns, before any was measured: 2^12 take a quarter of a second.
SECONDS_OF_A_ROUND = 0.25 / 2**12
SMOOTHING = 8


class CallerLeft(Exception):
    """Nobody waits for the result any more."""


class Standing(IntEnum):
    SIGNED_IN = 0
    KNOWN = 1
    STRANGER = 2


async def stays() -> None:
    """For callers that do not go away."""
    await asyncio.Event().wait()


@dataclass(frozen=True)
class Caller:
    """``shares``: what the caller has one share of with others: first of all who it is, then whom it aims at.

    ``gone`` returns when nobody waits for the result any more.
    """

    standing: Standing = Standing.SIGNED_IN
    shares: tuple[str, ...] = ()
    gone: Callable[[], Awaitable[None]] = stays


@dataclass(order=True)
class Turn:
    """Sorted as they are taken. ``place`` counts how many turns of its shares come before, from those served now on."""

    standing: Standing
    place: int
    number: int
    shares: tuple[tuple[Standing, str], ...] = field(compare=False)
    rounds: int = field(compare=False)
    work: Callable[[], Any] = field(compare=False)
    done: "Future[Any]" = field(compare=False, default_factory=Future)


class Turns:
    """``refused`` is told of each caller that is turned away."""

    def __init__(
        self,
        threads: int,
        name: str,
        initializer: Callable[[], None],
        refused: Callable[[], None],
        deadline: float = DEADLINE_SECONDS,
    ) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, name, initializer=initializer)
        self._refused = refused
        self._deadline = deadline
        self._lock = threading.Lock()
        self._waiting: list[Turn] = []
        self._running: list[Turn] = []
        self._waiting_of: Counter[tuple[Standing, str]] = Counter()
        self._last_place: dict[tuple[Standing, str], int] = {}
        self._served: Counter[Standing] = Counter()
        self._number = 0
        self._pace = SECONDS_OF_A_ROUND

    async def run(self, caller: Caller, rounds: int, work: Callable[[], T]) -> T:
        """What the work gives; it takes about ``rounds`` rounds of bcrypt.

        Raises ApiError service.unavailable when too much comes before, CallerLeft when the caller left meanwhile.
        """
        turn = self._enter(caller, rounds, work)
        self._pool.submit(self._serve)
        leaving = asyncio.ensure_future(caller.gone())
        leaving.add_done_callback(lambda left: left.cancelled() or turn.done.cancel())
        try:
            result: T = await asyncio.wrap_future(turn.done)
        except asyncio.CancelledError:
            if leaving.done():
                raise CallerLeft from None
            raise
        finally:
            leaving.cancel()
            self._leave(turn)
        return result

    def _enter(self, caller: Caller, rounds: int, work: Callable[[], Any]) -> Turn:
        shares = tuple((caller.standing, share) for share in caller.shares)
        with self._lock:
            before = [self._served[caller.standing], *(self._last_place.get(share, 0) for share in shares)]
            self._number += 1
            turn = Turn(caller.standing, 1 + max(before), self._number, shares, rounds, work)
            self._require_room(turn)
            insort(self._waiting, turn)
            for share in shares:
                self._waiting_of[share] += 1
                self._last_place[share] = turn.place
        return turn

    def _require_room(self, turn: Turn) -> None:
        idle = self._threads - len(self._running)
        ahead = (*self._running, *(other for other in self._waiting if other < turn))
        wait = sum(other.rounds for other in ahead) * self._pace / self._threads
        crowded = any(self._waiting_of[share] - idle >= MOST_WAITING_OF_ONE for share in turn.shares[:1])
        if crowded or wait > self._deadline:
            self._refused()
            raise ApiError("service.unavailable", retry_after=max(1.0, wait))

    def _serve(self) -> None:
        """In a thread: the best turn of now, which need not be the one that this was submitted for."""
        with self._lock:
            if not self._waiting:
                return
            turn = self._waiting[0]
            self._forget(turn)
            self._running.append(turn)
            self._served[turn.standing] = turn.place
        began = time.monotonic()
        try:
            if turn.done.set_running_or_notify_cancel():
                result = turn.work()
                self._measure((time.monotonic() - began) / turn.rounds)
                turn.done.set_result(result)
        except Exception as error:  # whatever it is, it is the caller's to hear
            turn.done.set_exception(error)
        finally:
            with self._lock:
                self._running.remove(turn)

    def _measure(self, pace: float) -> None:
        with self._lock:
            self._pace += (pace - self._pace) / SMOOTHING

    def _leave(self, turn: Turn) -> None:
        with self._lock:
            if turn in self._waiting:
                self._forget(turn)

    def _forget(self, turn: Turn) -> None:
        self._waiting.remove(turn)
        for share in turn.shares:
            self._waiting_of[share] -= 1
            if not self._waiting_of[share]:
                del self._waiting_of[share]
                del self._last_place[share]

    @property
    def running(self) -> int:
        return len(self._running)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def close(self) -> None:
        with self._lock:
            for turn in self._waiting:
                turn.done.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)


class OneByOne:
    """``async with one_by_one(key)``: such blocks of one key follow each other, in this process."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def __call__(self, key: str) -> AbstractAsyncContextManager[Any]:
        return self._locks.setdefault(key, asyncio.Lock())
