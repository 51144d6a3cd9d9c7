"""How many calls a key may still make: decided in process, or by Redis where several processes share the limits.

A window is fixed: it opens with a key's first call and ends ``rate.window`` seconds later. Only admitted calls count,
so knocking at a closed door neither prolongs the window nor eats what an admin adds to the limit, which is compared
anew on every call. A window of another length is another window with a count of its own: nodes that learn of such a
change at different moments cannot reset each other's count.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush, heapreplace
from itertools import zip_longest
from typing import Protocol

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from domain.config_keys import Rate

TIMEOUT = 0.1  # seconds
PAUSE = 1.0  # seconds
CONNECTIONS = 4
MOST_AT_ONCE = 64
CAPACITY = 100_000
KEY_PREFIX = "biore:rl:"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Decision:
    """``remaining`` further calls are admitted within the ``reset`` seconds (at least 1) until the window ends."""

    allowed: bool
    limit: int
    remaining: int
    reset: int

    def headers(self, policy: str, window: int) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
        """The IETF RateLimit fields. ``policy`` names the limit in plain ASCII without quotes and backslashes."""
        return (
            (b"ratelimit-policy", b'"%b";q=%d;w=%d' % (policy.encode(), self.limit, window)),
            (b"ratelimit", b'"%b";r=%d;t=%d' % (policy.encode(), self.remaining, self.reset)),
        )


class Limiter(Protocol):
    async def hit(self, key: str, rate: Rate) -> Decision:
        """Counts a call of ``key`` if ``rate`` admits it. Never raises."""


class _Window:
    __slots__ = ("count", "ends")

    def __init__(self, ends: int) -> None:
        self.count = 0
        self.ends = ends


class LocalLimiter:
    """Keeps at most ``capacity`` windows; a full house drops the one that would end first.

    ``clock`` tells seconds and must never go back. Times inside are whole milliseconds, like those of Redis.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, capacity: int = CAPACITY) -> None:
        self._clock = clock
        self._capacity = capacity
        self._windows: dict[tuple[str, int], _Window] = {}
        # One entry per window. Its time is that of the opening: a key's next window takes the entry over and the sweep
        # corrects the time, so the heap never outgrows the dict.
        self._ends: list[tuple[int, tuple[str, int]]] = []

    def __len__(self) -> int:
        return len(self._windows)

    async def hit(self, key: str, rate: Rate) -> Decision:
        return self.decide(key, rate)

    def decide(self, key: str, rate: Rate) -> Decision:
        """What ``hit`` does, for callers that do not await."""
        return self._count(key, rate, rate.limit)

    def decide_share(self, key: str, rate: Rate, share: int) -> Decision:
        """For one of ``share`` processes that cannot ask each other: admits its part of the limit, at least one call.

        ``limit`` stays the rate's own, because that is the policy; ``remaining`` is what this process will admit.
        """
        return self._count(key, rate, max(1, rate.limit // share))

    def note(self, key: str, rate: Rate, left: int) -> None:
        """Counts a call admitted elsewhere, in a window that ends ``left`` milliseconds from now."""
        now = self._now()
        window = self._current(key, rate.window, now, left)
        window.count += 1
        window.ends = now + left

    def _count(self, key: str, rate: Rate, limit: int) -> Decision:
        now = self._now()
        window = self._current(key, rate.window, now, rate.window * 1000)
        allowed = window.count < limit
        if allowed:
            window.count += 1
        return _decision(allowed, rate, limit - window.count, window.ends - now)

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _current(self, key: str, seconds: int, now: int, left: int) -> _Window:
        """The key's running window, else a new one that ends in ``left`` milliseconds."""
        if self._ends and self._ends[0][0] <= now:
            self._sweep(now)
        name = (key, seconds)
        window = self._windows.get(name)
        if window is None:
            window = self._open(name, now + left)
        elif window.ends <= now:
            window.count = 0
            window.ends = now + left
        return window

    def _open(self, name: tuple[str, int], ends: int) -> _Window:
        if len(self._windows) >= self._capacity:
            self._evict()
        window = self._windows[name] = _Window(ends)
        heappush(self._ends, (ends, name))
        return window

    def _sweep(self, now: int) -> None:
        # A call opens one window at most: retiring up to two keeps pace, and no call pays for all the others.
        for _ in range(2):
            if not self._ends or self._ends[0][0] > now:
                return
            if not self._correct_first():
                self._drop_first()

    def _evict(self) -> None:
        # Only windows prolonged before their old end are out of place here; a few corrections find the true first.
        for _ in range(8):
            if not self._correct_first():
                break
        self._drop_first()

    def _correct_first(self) -> bool:
        """Whether the first entry's window ends later than noted; then the entry moves to its place."""
        noted, name = self._ends[0]
        ends = self._windows[name].ends
        if ends <= noted:
            return False
        heapreplace(self._ends, (ends, name))
        return True

    def _drop_first(self) -> None:
        _, name = heappop(self._ends)
        del self._windows[name]


# PTTL is -1 for a key that lost its expiry: it gets a new one, else its owner would be locked out for ever.
SCRIPT = """
local answers = {}
for number, key in ipairs(KEYS) do
  local limit, window = tonumber(ARGV[2 * number - 1]), tonumber(ARGV[2 * number])
  local count = tonumber(redis.call('GET', key) or '0')
  local allowed = count < limit
  if allowed then
    count = redis.call('INCR', key)
  end
  local left = redis.call('PTTL', key)
  if left < 0 or left > window then
    redis.call('PEXPIRE', key, window)
    left = window
  end
  answers[number] = {allowed and 1 or 0, count, left}
end
return answers
"""

Counted = tuple[int, int, int]
"""Whether the call is allowed, calls so far, milliseconds until the window ends."""


@dataclass(frozen=True, slots=True)
class _Question:
    key: str
    rate: Rate
    answer: asyncio.Future[Counted | None]


class RedisLimiter:
    """The decisions of LocalLimiter, shared by all processes on one Redis.

    One script call is under way at a time, and asks for every call that arrived meanwhile: a busy server shares its
    cost among many calls, and an idle one does not wait.

    Redis is an accelerator: without it each of the ``share`` processes admits its own part of the limit, less what it
    has admitted in the window already. After a failure (or ``timeout`` seconds) Redis is left alone for ``PAUSE``
    seconds, then a single call tries it again while the others stay local. Calls admitted meanwhile are unknown to
    Redis, and a Redis that lost its data opens new windows: the price of an outage is at most one more limit.
    """

    def __init__(
        self,
        client: Redis,
        local: LocalLimiter,
        share: int,
        *,
        timeout: float = TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.degraded = False
        self._script = client.register_script(SCRIPT)
        self._local = local
        self._share = share
        self._timeout = timeout
        self._clock = clock
        self._next_probe = 0.0
        self._waiting: list[_Question] = []
        self._asking: asyncio.Task[None] | None = None

    async def hit(self, key: str, rate: Rate) -> Decision:
        if self.degraded and not self._claim_probe():
            return self._local.decide_share(key, rate, self._share)
        answer = await self._counted(key, rate)
        if answer is None:
            return self._local.decide_share(key, rate, self._share)
        allowed, count, left = answer
        if allowed:
            self._local.note(key, rate, left)
        return _decision(bool(allowed), rate, rate.limit - count, left)

    async def _counted(self, key: str, rate: Rate) -> Counted | None:
        """What Redis says; None when it says nothing, so that the share must do."""
        question = _Question(key, rate, asyncio.get_running_loop().create_future())
        self._waiting.append(question)
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_on())
        return await question.answer

    async def _ask_on(self) -> None:
        while self._waiting:
            questions, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            answers = await self._ask(questions)
            if self.degraded:  # whoever waits behind a failure would only meet it too
                questions, self._waiting = questions + self._waiting, []
            for question, answer in zip_longest(questions, answers):
                if not question.answer.done():  # its caller may have gone away
                    question.answer.set_result(answer)
        self._asking = None

    async def _ask(self, questions: Sequence[_Question]) -> Sequence[Counted]:
        keys = [f"{KEY_PREFIX}{question.rate.window}:{question.key}" for question in questions]
        limits = [number for question in questions for number in (question.rate.limit, question.rate.window * 1000)]
        try:
            async with asyncio.timeout(self._timeout):
                answers: Sequence[Counted] = await self._script(keys=keys, args=limits)
        except Exception as error:  # not only RedisError: nothing that happens to Redis may fail a request
            self._degrade(error)
            return ()
        if self.degraded:
            self._restore()
        return answers

    def _claim_probe(self) -> bool:
        now = self._clock()
        if now < self._next_probe:
            return False
        # Moved on before the outcome is known: the others wait, and a probe whose caller goes away blocks nobody.
        self._next_probe = now + PAUSE
        return True

    def _degrade(self, error: Exception) -> None:
        self._next_probe = self._clock() + PAUSE
        if not self.degraded:
            self.degraded = True
            log.warning("ratelimit.degraded", error=repr(error), share=self._share)

    def _restore(self) -> None:
        self.degraded = False
        log.info("ratelimit.restored")


def connect_redis(url: str, *, timeout: float = TIMEOUT, connections: int = CONNECTIONS) -> Redis:
    """A client that gives up after ``timeout`` seconds instead of retrying. The caller closes it (``aclose``).

    At most ``connections`` are open; who gets none in time sees redis.ConnectionError.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=timeout,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
        # Both would cost round trips on every new connection; the second also relaxes the timeouts.
        driver_info=None,
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
    return Redis.from_pool(pool)


def _decision(allowed: bool, rate: Rate, remaining: int, left: int) -> Decision:
    # Twice as fast as max(): every request comes through here.
    return Decision(allowed, rate.limit, remaining if remaining > 0 else 0, -(-left // 1000) if left > 0 else 1)
