"""How many calls a key may still make, decided in process; `redis_limiter.py` decides where processes share the limits.

A window is fixed: it opens with a key's first call and ends ``rate.window`` seconds later. Only admitted calls count,
so knocking at a closed door neither prolongs the window nor eats what an admin adds to the limit, which is compared
anew on every call. A key may have wider ones around it, such as the networks around a network, or the account of a
session: each has four times the limit of the one before, and a call counts for all of them or, where one is used up,
for none. A window of another length is another window with a count of its own: nodes that learn of such a change at
different moments cannot reset each other's count.
"""

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from heapq import heappop, heappush
from operator import itemgetter
from typing import NamedTuple, Protocol

from domain.config_keys import Rate

CAPACITY = 100_000
GROWTH = 4
REMAINING = itemgetter(0)

Entry = tuple[int, tuple[str, int]]
Keys = tuple[str, ...]
State = tuple[int, int]
"""What remains to a key, and for how many milliseconds."""


class Decision(NamedTuple):
    """``remaining`` further calls are admitted within the ``reset`` seconds (at least 1) until the window ends."""

    allowed: bool
    limit: int
    remaining: int
    reset: int

    def headers(self, policy: str, window: int) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
        """The IETF RateLimit fields. ``policy`` names the limit in plain ASCII without quotes and backslashes."""
        return (
            (b"ratelimit-policy", _policy(policy, self.limit, window)),
            (b"ratelimit", b'"%b";r=%d;t=%d' % (policy.encode(), self.remaining, self.reset)),
        )


@lru_cache(maxsize=1024)
def _policy(name: str, limit: int, window: int) -> bytes:
    return b'"%b";q=%d;w=%d' % (name.encode(), limit, window)


class Limiter(Protocol):
    async def hit(self, key: str, rate: Rate, wider: tuple[str, ...] = ()) -> Decision:
        """Counts a call of ``key``, and of the ``wider`` ones around it, if ``rate`` admits it. Never raises.

        The decision tells of the one that is nearest to its end.
        """


class _Window:
    __slots__ = ("count", "ends", "used_up")

    def __init__(self, ends: int) -> None:
        self.count = 0
        self.ends = ends
        self.used_up = False


class LocalLimiter:
    """Keeps at most ``capacity`` windows, and opens them for admitted calls alone.

    A full house drops the one that would end first, but those that are used up last: else their owner could push them
    out with windows of other keys.

    ``clock`` tells seconds and must never go back. Times inside are whole milliseconds, like those of Redis.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, capacity: int = CAPACITY) -> None:
        self._clock = clock
        self._capacity = capacity
        self._windows: dict[tuple[str, int], _Window] = {}
        # One entry per window. Its time is that of the opening: a key's next window takes the entry over and the sweep
        # corrects the time, so the heaps never outgrow the dict.
        self._ends: list[Entry] = []
        self._used_up: list[Entry] = []  # those that a full house found to be so

    def __len__(self) -> int:
        return len(self._windows)

    async def hit(self, key: str, rate: Rate, wider: tuple[str, ...] = ()) -> Decision:
        return self.decide(key, rate, wider)

    def decide(self, key: str, rate: Rate, wider: tuple[str, ...] = ()) -> Decision:
        """What ``hit`` does, for callers that do not await."""
        return self._count(key, rate, 1, wider)

    def decide_share(self, key: str, rate: Rate, share: int, wider: tuple[str, ...] = ()) -> Decision:
        """For one of ``share`` processes that cannot ask each other: admits its part of the limit, at least one call.

        ``limit`` stays the rate's own, because that is the policy; ``remaining`` is what this process will admit.
        """
        return self._count(key, rate, share, wider)

    def note(self, keys: Keys, rate: Rate, lefts: Sequence[int]) -> None:
        """Counts a call admitted elsewhere, in windows that end so many milliseconds from now."""
        now = self._now()
        for key, limit, left in zip(keys, limits_of(rate.limit, len(keys)), lefts, strict=True):
            window = self._current(key, rate.window, now, left)
            self._admit(window, limit)
            window.ends = now + left

    def _count(self, key: str, rate: Rate, share: int, wider: tuple[str, ...]) -> Decision:
        now, whole = self._now(), rate.window * 1000
        if wider:
            return self._count_all((key, *wider), rate, share, now)
        window = self._current(key, rate.window, now, whole)  # at least one call is admitted by a new one
        limit = max(1, rate.limit // share)
        allowed = window.count < limit
        if allowed:
            self._admit(window, limit)
        return decision_of(allowed, rate.limit, limit - window.count, window.ends - now)

    def _count_all(self, keys: Keys, rate: Rate, share: int, now: int) -> Decision:
        limits, whole, states = limits_of(rate.limit, len(keys), share), rate.window * 1000, []
        if not self._all_admit(keys, limits, rate, now):
            return nearest(False, rate, self._states(keys, limits, rate, now))
        for key, limit in zip(keys, limits, strict=True):
            window = self._current(key, rate.window, now, whole)
            self._admit(window, limit)
            states.append((limit - window.count, window.ends - now))
        return nearest(True, rate, states)

    def _all_admit(self, keys: Keys, limits: tuple[int, ...], rate: Rate, now: int) -> bool:
        for key, limit in zip(keys, limits, strict=True):
            window = self._windows.get((key, rate.window))
            if window is not None and window.count >= limit and window.ends > now:
                return False
        return True

    def _states(self, keys: Keys, limits: tuple[int, ...], rate: Rate, now: int) -> list[State]:
        """Of keys that opened no window for this call."""
        windows = [self._windows.get((key, rate.window)) for key in keys]
        return [
            (limit - window.count, window.ends - now)
            if window is not None and window.ends > now
            else (limit, rate.window * 1000)
            for limit, window in zip(limits, windows, strict=True)
        ]

    @staticmethod
    def _admit(window: _Window, limit: int) -> None:
        window.count += 1
        if window.count >= limit:
            window.used_up = True

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _current(self, key: str, seconds: int, now: int, left: int) -> _Window:
        """The key's running window, else a new one that ends in ``left`` milliseconds."""
        if self._ends and self._ends[0][0] <= now:
            self._sweep(self._ends, now)
        if self._used_up and self._used_up[0][0] <= now:
            self._sweep(self._used_up, now)
        name = (key, seconds)
        window = self._windows.get(name)
        if window is None:
            window = self._open(name, now + left)
        elif window.ends <= now:
            window.count = 0
            window.ends = now + left
            window.used_up = False
        return window

    def _open(self, name: tuple[str, int], ends: int) -> _Window:
        if len(self._windows) >= self._capacity:
            self._evict()
        window = self._windows[name] = _Window(ends)
        heappush(self._ends, (ends, name))
        return window

    def _sweep(self, entries: list[Entry], now: int) -> None:
        # This opens one window at most: retiring up to two keeps pace, and no call pays for all the others.
        for _ in range(2):
            if not entries or entries[0][0] > now:
                return
            if not self._correct_first(entries):
                self._drop_first(entries)

    def _evict(self) -> None:
        # Each correction and each move was earned by a call before, so that on the average they cost next to nothing.
        while self._ends and (self._correct_first(self._ends) or self._set_aside()):
            pass
        while not self._ends and self._correct_first(self._used_up):
            pass
        self._drop_first(self._ends or self._used_up)

    def _correct_first(self, entries: list[Entry]) -> bool:
        """Whether the first entry's window ends later than noted; then the entry moves to its place."""
        noted, name = entries[0]
        ends = self._windows[name].ends
        if ends <= noted:
            return False
        heappop(entries)
        heappush(self._ends, (ends, name))
        return True

    def _set_aside(self) -> bool:
        """Whether the first entry's window is used up; then it goes after all others."""
        if not self._windows[self._ends[0][1]].used_up:
            return False
        heappush(self._used_up, heappop(self._ends))
        return True

    def _drop_first(self, entries: list[Entry]) -> None:
        _, name = heappop(entries)
        del self._windows[name]


@lru_cache(maxsize=1024)
def limits_of(limit: int, keys: int, share: int = 1) -> tuple[int, ...]:
    """Of a key and the wider ones around it, for one of ``share`` processes."""
    return tuple(max(1, limit * GROWTH**step // share) for step in range(keys))


def nearest(allowed: bool, rate: Rate, states: Sequence[State]) -> Decision:
    """The decision of the key that is nearest to its end, or of the one that is used up for longest."""
    state = min(states, key=REMAINING if allowed else _longest_used_up)
    return decision_of(allowed, rate.limit * GROWTH ** states.index(state), *state)


def _longest_used_up(state: State) -> State:
    remaining, left = state
    return max(remaining, 0), -left


def decision_of(allowed: bool, limit: int, remaining: int, left: int) -> Decision:
    """``left``: milliseconds until the window ends."""
    # Twice as fast as max(): every request comes through here.
    return Decision(allowed, limit, remaining if remaining > 0 else 0, -(-left // 1000) if left > 0 else 1)
