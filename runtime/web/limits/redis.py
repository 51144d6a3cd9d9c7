"""Limits that processes share, counted by one Redis; see `ratelimit.py` for what a limit is.

A file of its own, because the library takes memory that a process without Redis can do without.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from operator import sub
from struct import pack

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from domain.config_keys import Rate
from persistence.engine.batching import Batched
from runtime.web.limits.local import GROWTH, Decision, LocalLimiter, limits_of, nearest

TIMEOUT = 0.1  # seconds
PAUSE = 1.0  # seconds
MOST_AT_ONCE = 64
KEY_PREFIX = "biore:rl:"

log = structlog.get_logger(__name__)

# ARGV[1] holds three doubles for each call: how many keys it has, the limit of the first, which grows from key to key,
# and the window. As arguments of their own they would cost this side a fifth of the call.
# PTTL is -1 for a key that lost its expiry: it gets a new one, else its owner would be locked out for ever.
SCRIPT = f"""
local answers, before, read = {{}}, 0, 1
while before < #KEYS do
  local size, limit, window
  size, limit, window, read = struct.unpack('<ddd', ARGV[1], read)
  local allowed, counts, most = true, {{}}, limit
  for step = 1, size do
    counts[step] = tonumber(redis.call('GET', KEYS[before + step]) or '0')
    allowed = allowed and counts[step] < most
    most = most * {GROWTH}
  end
  local answer = {{allowed and 1 or 0}}
  for step = 1, size do
    local key = KEYS[before + step]
    if allowed then
      counts[step] = redis.call('INCR', key)
    end
    local left = redis.call('PTTL', key)
    if left < 0 or left > window then
      redis.call('PEXPIRE', key, window)
      left = window
    end
    answer[2 * step], answer[2 * step + 1] = counts[step], left
  end
  answers[#answers + 1], before = answer, before + size
end
return answers
"""

Counted = Sequence[int]
"""Whether the call is allowed; then of each of its keys: calls so far, milliseconds until the window ends."""

Asked = tuple[tuple[str, ...], Rate]


class RedisLimiter:
    """The decisions of LocalLimiter, shared by all processes on one Redis.

    One script call is under way at a time, and asks for all that came meanwhile (``Batched``).

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
        self._probing = False
        self._batched = Batched(self._count, most=MOST_AT_ONCE)

    async def hit(self, key: str, rate: Rate, wider: tuple[str, ...] = ()) -> Decision:
        if self.degraded and not self._claim_probe():
            return self._local.decide_share(key, rate, self._share, wider)
        answer = await self._batched.ask(((key, *wider), rate))
        if answer is None:
            return self._local.decide_share(key, rate, self._share, wider)
        allowed, counts, lefts = bool(answer[0]), answer[1::2], answer[2::2]
        if allowed:
            self._local.note((key, *wider), rate, lefts)
        remaining = map(sub, limits_of(rate.limit, len(counts)), counts)
        return nearest(allowed, rate, list(zip(remaining, lefts, strict=True)))

    async def _count(self, calls: Sequence[Asked]) -> Sequence[Counted | None]:
        """What Redis says of each; None where it says nothing, so that the share must do."""
        unheard: Sequence[None] = [None] * len(calls)
        if self.degraded and not self._probing:  # they waited behind a failure, and would only meet it too
            return unheard
        self._probing = False
        keys = [f"{KEY_PREFIX}{rate.window}:{key}" for names, rate in calls for key in names]
        limits = [number for names, rate in calls for number in (len(names), rate.limit, rate.window * 1000)]
        try:
            async with asyncio.timeout(self._timeout):
                answers: Sequence[Counted] = await self._script(keys=keys, args=[pack(f"<{len(limits)}d", *limits)])
        except Exception as error:  # not only RedisError: nothing that happens to Redis may fail a request
            self._degrade(error)
            return unheard
        if self.degraded:
            self._restore()
        return answers

    def _claim_probe(self) -> bool:
        now = self._clock()
        if now < self._next_probe:
            return False
        # Moved on before the outcome is known: the others wait, and a probe whose caller goes away blocks nobody.
        self._next_probe = now + PAUSE
        self._probing = True
        return True

    def _degrade(self, error: Exception) -> None:
        self._next_probe = self._clock() + PAUSE
        if not self.degraded:
            self.degraded = True
            log.warning("ratelimit.degraded", error=repr(error), share=self._share)

    def _restore(self) -> None:
        self.degraded = False
        log.info("ratelimit.restored")


def connect_redis(url: str, *, timeout: float = TIMEOUT) -> Redis:
    """A client that gives up after ``timeout`` seconds instead of retrying. The caller closes it (``aclose``).

    It has one connection, for one call at a time: to borrow one from a pool would cost a fourth of a call.
    """
    return Redis.from_url(
        url,
        single_connection_client=True,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
        # Both would cost round trips on every new connection; the second also relaxes the timeouts.
        driver_info=None,
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
