"""How calls of providers end: told to whoever counts them, and kept in mind by the process itself."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from domain.clock import utc_now
from providers.breaker import Breaker, Monotonic
from providers.ports import ObserveAttempt, ProviderRejected, ProviderUnavailable

FAILED = frozenset({"unavailable", "failed"})
LONGEST_FAULT = 300
"""Characters of a fault that are kept. Texts of adapters hold codes, never what a vendor said."""


def nobody(_family: str, _provider: str, _outcome: str, _seconds: float) -> None:
    """For those who do not count."""


class Ending:
    """``outcome`` may be changed by the call that it is of; ``fault`` says what was wrong."""

    outcome = "ok"
    fault: str | None = None


@contextmanager
def observed(observe: ObserveAttempt, family: str, provider: str) -> Iterator[Ending]:
    """The block is one call. It is ``ok`` or what the block says, else what its exception amounts to.

    That is ``unavailable``, ``rejected``, ``failed``, or ``cancelled`` when whoever waited for it gave up.
    """
    began, ending = time.perf_counter(), Ending()
    try:
        yield ending
    except BaseException as error:
        ending.outcome, ending.fault = _outcome(error), _fault(error)
        raise
    finally:
        observe(family, provider, ending.outcome, time.perf_counter() - began)


def _outcome(error: BaseException) -> str:
    if not isinstance(error, Exception):
        return "cancelled"
    if isinstance(error, ProviderUnavailable):
        return "unavailable"
    return "rejected" if isinstance(error, ProviderRejected) else "failed"


def _fault(error: BaseException) -> str | None:
    """Whatever is no refusal of an adapter may hold anything in its text."""
    if not isinstance(error, Exception):
        return None
    ours = isinstance(error, (ProviderUnavailable, ProviderRejected))
    return (str(error) if ours else type(error).__name__)[:LONGEST_FAULT]


@dataclass(frozen=True, slots=True)
class Tally:
    """Calls of one provider that ended alike within one hour."""

    calls: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    last_at: datetime | None = None
    fault: str | None = None

    def __add__(self, later: "Tally") -> "Tally":
        slowest = max(self.slowest, later.slowest)
        fault = later.fault or self.fault
        return Tally(self.calls + later.calls, self.seconds + later.seconds, slowest, later.last_at, fault)


@dataclass(slots=True)
class Circuit:
    """One provider as this process knows it."""

    breaker: Breaker
    failed_at: datetime | None = None
    fault: str | None = None


Place = tuple[str, str]
"""Family and provider."""
TallyKey = tuple[datetime, str, str, str]
"""Hour, family, provider, outcome."""


@dataclass(slots=True)
class Watch:
    """What a process knows of its providers: a breaker for each, and how calls ended since that was told.

    ``observe`` is told of each call.
    """

    observe: ObserveAttempt = nobody
    monotonic: Monotonic = time.monotonic
    clock: Callable[[], datetime] = utc_now
    circuits: dict[Place, Circuit] = field(default_factory=dict)
    _tallies: dict[TallyKey, Tally] = field(default_factory=dict)

    def adopt(self, family: str, provider: str, breaker: Breaker) -> None:
        """One that somebody else moves."""
        self.circuits[family, provider] = Circuit(breaker)

    def circuit(self, family: str, provider: str) -> Circuit:
        found = self.circuits.get((family, provider))
        if found is None:
            found = self.circuits[family, provider] = Circuit(Breaker(self.monotonic))
        return found

    def allows(self, family: str, provider: str) -> bool:
        return self.circuit(family, provider).breaker.allows()

    @contextmanager
    def call(self, family: str, provider: str) -> Iterator[Ending]:
        """As ``observed``; how it ends moves the breaker and is counted."""
        with self.counted(family, provider) as ending:
            try:
                yield ending
            except BaseException as error:
                self._move(family, provider, _outcome(error))
                raise
            self._move(family, provider, ending.outcome)

    @contextmanager
    def counted(self, family: str, provider: str) -> Iterator[Ending]:
        """As ``observed``; whoever asks has a breaker of its own."""
        began, ending = time.perf_counter(), Ending()
        try:
            with observed(self.observe, family, provider) as ending:
                yield ending
        finally:
            self._count(family, provider, ending, time.perf_counter() - began)

    def close(self, family: str, provider: str) -> None:
        """A probe found that it answers."""
        self._move(family, provider, "ok")

    def taken(self) -> dict[TallyKey, Tally]:
        """What was counted since the last time. Whoever cannot tell it gives it back."""
        taken, self._tallies = self._tallies, {}
        return taken

    def give_back(self, tallies: dict[TallyKey, Tally]) -> None:
        for key, tally in tallies.items():
            later = self._tallies.get(key)
            self._tallies[key] = tally + later if later else tally

    def _move(self, family: str, provider: str, outcome: str) -> None:
        breaker = self.circuit(family, provider).breaker
        if outcome in FAILED:
            breaker.failed()
        elif outcome != "cancelled":
            breaker.answered()

    def _count(self, family: str, provider: str, ending: Ending, seconds: float) -> None:
        now = self.clock()
        if ending.outcome in FAILED:
            circuit = self.circuit(family, provider)
            circuit.failed_at, circuit.fault = now, ending.fault
        key = (now.replace(minute=0, second=0, microsecond=0), family, provider, ending.outcome)
        once = Tally(1, seconds, seconds, now, ending.fault)
        known = self._tallies.get(key)
        self._tallies[key] = known + once if known else once
