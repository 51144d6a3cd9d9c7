"""Leaves a provider alone that fails, so that nobody waits for it in vain."""

import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum

FAILURES = 5
WITHIN_SECONDS = 30.0
OPEN_SECONDS = 60.0

Monotonic = Callable[[], float]


class State(StrEnum):
    """``HALF_OPEN``: the pause is over, and the next call is a probe."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class Breaker:
    """Opens after ``failures`` in a row ``within`` so many seconds; after a ``pause`` one call probes.

    Any answer closes it, a refusal of what was asked included. So a provider that fails now and then stays, and one
    that hardly ever answers does not.
    """

    def __init__(
        self,
        clock: Monotonic = time.monotonic,
        *,
        failures: int = FAILURES,
        within: float = WITHIN_SECONDS,
        pause: float = OPEN_SECONDS,
    ) -> None:
        self._clock = clock
        self._within = within
        self._pause = pause
        self._failed_at = deque[float](maxlen=failures)
        self._opened_at = self._probe_at = 0.0
        self._open = False

    @property
    def state(self) -> State:
        if not self._open:
            return State.CLOSED
        return State.OPEN if self._clock() < self._probe_at else State.HALF_OPEN

    @property
    def open_seconds(self) -> float:
        """Since it opened; 0 while it is closed."""
        return self._clock() - self._opened_at if self._open else 0.0

    def allows(self) -> bool:
        """Whether to ask. Who is the first after a pause asks for all: the others are waved through meanwhile."""
        state = self.state
        if state is State.HALF_OPEN:
            self._probe_at = self._clock() + self._pause
        return state is not State.OPEN

    def answered(self) -> None:
        self._failed_at.clear()
        self._open = False

    def failed(self) -> None:
        now = self._clock()
        self._failed_at.append(now)
        full = len(self._failed_at) == self._failed_at.maxlen and now - self._failed_at[0] <= self._within
        if full and not self._open:
            self._open, self._opened_at = True, now
        if self._open:
            self._probe_at = now + self._pause
