"""Leaves a resolver alone that does not answer, so that nobody waits for it in vain."""

from collections.abc import Callable

FAILURES_TO_OPEN = 3
OPEN_SECONDS = 30.0


class Breaker:
    """Stops asking a resolver that has been silent some times in a row; after a pause one question probes it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._probe_at = 0.0

    def allows(self) -> bool:
        if self._failures < FAILURES_TO_OPEN:
            return True
        now = self._clock()
        if now < self._probe_at:
            return False
        self._probe_at = now + OPEN_SECONDS  # everybody else is waved through until the probe has its answer
        return True

    def answered(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        self._failures += 1
        self._probe_at = self._clock() + OPEN_SECONDS
