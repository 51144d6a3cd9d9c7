"""Both limiters decide alike; Redis may vanish at any moment, and a caller notices no more than a smaller limit."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from domain.config_keys import Rate
from runtime.web.limits.local import Decision, Limiter, LocalLimiter
from runtime.web.limits.redis import KEY_PREFIX, PAUSE, TIMEOUT, RedisLimiter, connect_redis
from tests.redis_server import RedisServer

PATIENCE = 10.0
# Where a test is not about slowness, a busy machine must not look like a dead Redis.
UNHURRIED = 5.0

NextWindow = Callable[[str, Rate], Awaitable[Decision]]
Scenario = Callable[[Limiter, NextWindow], Coroutine[Any, Any, None]]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Subject(Protocol):
    def run(self, scenario: Scenario) -> None:
        """Runs it with a fresh limiter and a function that calls until the key's window has ended."""


class LocalSubject:
    def run(self, scenario: Scenario) -> None:
        clock = Clock()
        limiter = LocalLimiter(clock)

        async def next_window(key: str, rate: Rate) -> Decision:
            end = clock.now + rate.window
            while clock.now < end:
                assert not (await limiter.hit(key, rate)).allowed, "the window ended too early"
                clock.now += 0.125
            return await limiter.hit(key, rate)

        asyncio.run(scenario(limiter, next_window))


class RedisSubject:
    def __init__(self, server: RedisServer) -> None:
        self.server = server

    def run(self, scenario: Scenario) -> None:
        async def main() -> None:
            async with connected(self.server) as (client, limiter):
                await client.flushall()

                async def next_window(key: str, rate: Rate) -> Decision:
                    deadline = time.monotonic() + PATIENCE
                    while not (decision := await limiter.hit(key, rate)).allowed:
                        assert time.monotonic() < deadline, "the window does not end"
                        await asyncio.sleep(0.01)
                    return decision

                await scenario(limiter, next_window)
                assert not limiter.degraded, "the decisions were not those of Redis"

        asyncio.run(main())


@asynccontextmanager
async def connected(
    server: RedisServer,
    share: int = 1,
    timeout: float = UNHURRIED,  # noqa: ASYNC109 - a setting, not a deadline
) -> AsyncIterator[tuple[Redis, RedisLimiter]]:
    async with aclosing(connect_redis(server.url, timeout=timeout)) as client:
        yield client, RedisLimiter(client, LocalLimiter(), share, timeout=timeout)


async def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def until_restored(limiter: RedisLimiter) -> None:
    deadline = time.monotonic() + PATIENCE
    while limiter.degraded:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
        await limiter.hit("until restored", Rate(1, 60))


async def burst(calls: int, key: str, rate: Rate, *limiters: Limiter) -> int:
    """How many of so many concurrent calls on each limiter were admitted."""
    decisions = await asyncio.gather(*(limiter.hit(key, rate) for limiter in limiters for _ in range(calls)))
    return sum(decision.allowed for decision in decisions)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of the test's own, to be killed."""
    with RedisServer(tmp_path) as running:
        yield running


class TestDecision:
    def test_it_renders_the_ratelimit_fields(self) -> None:
        decision = Decision(allowed=True, limit=10, remaining=9, reset=3599)
        assert decision.headers("auth.register", 3600) == (
            (b"ratelimit-policy", b'"auth.register";q=10;w=3600'),
            (b"ratelimit", b'"auth.register";r=9;t=3599'),
        )


class TestBothLimiters:
    @pytest.fixture(params=["local", "redis"])
    def subject(self, request: pytest.FixtureRequest) -> Subject:
        if request.param == "local":
            return LocalSubject()
        return RedisSubject(request.getfixturevalue("server"))

    def test_they_count_down_to_a_refusal(self, subject: Subject) -> None:
        async def scenario(limiter: Limiter, _: NextWindow) -> None:
            decisions = [await limiter.hit("k", Rate(3, 3600)) for _ in range(5)]
            assert [decision.allowed for decision in decisions] == [True, True, True, False, False]
            assert [decision.remaining for decision in decisions] == [2, 1, 0, 0, 0]
            assert {decision.limit for decision in decisions} == {3}
            assert decisions[0].reset == 3600
            assert all(3590 <= decision.reset <= 3600 for decision in decisions)

        subject.run(scenario)

    def test_keys_do_not_share_a_count(self, subject: Subject) -> None:
        async def scenario(limiter: Limiter, _: NextWindow) -> None:
            assert (await limiter.hit("a", Rate(1, 60))).allowed
            assert (await limiter.hit("b", Rate(1, 60))).allowed
            assert not (await limiter.hit("a", Rate(1, 60))).allowed

        subject.run(scenario)

    def test_a_wider_key_has_four_times_the_limit_and_ends_its_narrower_ones(self, subject: Subject) -> None:
        async def scenario(limiter: Limiter, _: NextWindow) -> None:
            rate = Rate(2, 3600)
            told = [await limiter.hit(f"k{n}", rate, ("around", "all")) for n in range(9)]
            assert [decision.allowed for decision in told] == [True] * 8 + [False]
            assert [(decision.limit, decision.remaining) for decision in told] == [
                (2, 1), (2, 1), (2, 1), (2, 1), (2, 1), (2, 1), (2, 1), (8, 0), (8, 0)
            ]  # fmt: skip
            elsewhere = [await limiter.hit(f"other{n}", rate, (f"around{n // 8}", "all")) for n in range(25)]
            assert sum(decision.allowed for decision in elsewhere) == 24
            assert (elsewhere[-1].limit, elsewhere[-1].remaining) == (32, 0)

        subject.run(scenario)

    def test_a_refused_call_counts_for_none_of_its_keys(self, subject: Subject) -> None:
        async def scenario(limiter: Limiter, _: NextWindow) -> None:
            rate = Rate(1, 3600)
            assert [(await limiter.hit("k", rate, ("around",))).allowed for _ in range(20)] == [True] + [False] * 19
            others = [(await limiter.hit(f"k{n}", rate, ("around",))).allowed for n in range(4)]
            assert others == [True, True, True, False]
            assert (await limiter.hit("k3", rate)).allowed

        subject.run(scenario)

    def test_the_window_ends_in_spite_of_refused_calls(self, subject: Subject) -> None:
        async def scenario(limiter: Limiter, next_window: NextWindow) -> None:
            rate = Rate(2, 1)
            assert await burst(2, "k", rate, limiter) == 2
            assert await next_window("k", rate) == Decision(True, 2, 1, 1)
            assert await limiter.hit("k", rate) == Decision(True, 2, 0, 1)
            assert await limiter.hit("k", rate) == Decision(False, 2, 0, 1)

        subject.run(scenario)

    def test_a_raised_limit_adds_the_difference_at_once(self, subject: Subject) -> None:
        async def scenario(limiter: Limiter, _: NextWindow) -> None:
            assert await burst(20, "k", Rate(5, 60), limiter) == 5
            assert (await limiter.hit("k", Rate(8, 60))).remaining == 2
            assert await burst(20, "k", Rate(8, 60), limiter) == 2

        subject.run(scenario)

    def test_a_lowered_limit_holds_at_once_and_keeps_the_count(self, subject: Subject) -> None:
        async def scenario(limiter: Limiter, _: NextWindow) -> None:
            assert await burst(6, "k", Rate(10, 60), limiter) == 6
            lowered = await limiter.hit("k", Rate(3, 60))
            assert (lowered.allowed, lowered.limit, lowered.remaining) == (False, 3, 0)
            assert (await limiter.hit("k", Rate(10, 60))).remaining == 3

        subject.run(scenario)

    def test_another_window_length_is_another_window(self, subject: Subject) -> None:
        async def scenario(limiter: Limiter, _: NextWindow) -> None:
            assert await burst(3, "k", Rate(2, 60), limiter) == 2
            assert await limiter.hit("k", Rate(2, 120)) == Decision(True, 2, 1, 120)
            assert not (await limiter.hit("k", Rate(2, 60))).allowed, "changing there and back forgot the count"

        subject.run(scenario)

    def test_of_200_concurrent_calls_exactly_the_limit_is_admitted(self, subject: Subject) -> None:
        async def scenario(limiter: Limiter, _: NextWindow) -> None:
            assert await burst(200, "k", Rate(10, 60), limiter) == 10

        subject.run(scenario)


class TestSameDecisions:
    """A random sequence of calls, changed rates and passing time has the same answers from both."""

    # No window is a multiple of the step, so the real time that Redis sees besides moves no call across an end.
    STEP = 7
    WINDOWS = (10, 60, 3600)

    @pytest.mark.parametrize("seed", range(4))
    def test_on_random_calls(self, server: RedisServer, seed: int) -> None:
        asyncio.run(self.compare(server, random.Random(seed)))

    async def compare(self, server: RedisServer, dice: random.Random) -> None:
        clock = Clock()
        local = LocalLimiter(clock)
        async with connected(server) as (client, shared):
            await client.flushall()
            for _ in range(500):
                if dice.random() < 0.05:
                    clock.now += self.STEP
                    await self.pass_time(client, self.STEP * 1000)
                key, rate = f"key {dice.randrange(4)}", Rate(dice.randint(1, 6), dice.choice(self.WINDOWS))
                self.assert_same(await local.hit(key, rate), await shared.hit(key, rate))
            assert not shared.degraded

    async def pass_time(self, client: Redis, milliseconds: int) -> None:
        async for key in client.scan_iter(f"{KEY_PREFIX}*"):
            await client.pexpire(key, await client.pttl(key) - milliseconds)

    def assert_same(self, one: Decision, other: Decision) -> None:
        assert (one.allowed, one.limit, one.remaining) == (other.allowed, other.limit, other.remaining)
        assert abs(one.reset - other.reset) <= 1


class TestLocalLimiter:
    def test_reset_is_rounded_up_and_at_least_a_second(self) -> None:
        clock = Clock()
        limiter = LocalLimiter(clock)
        assert limiter.decide("k", Rate(9, 2)).reset == 2
        clock.now += 0.5
        assert limiter.decide("k", Rate(9, 2)).reset == 2
        clock.now += 0.5
        assert limiter.decide("k", Rate(9, 2)).reset == 1
        clock.now += 0.999
        assert limiter.decide("k", Rate(9, 2)).reset == 1

    def test_a_used_up_window_outlasts_those_of_others(self) -> None:
        limiter, rate = LocalLimiter(Clock(), capacity=100), Rate(2, 3600)
        used_up = [f"a{n}" for n in range(20)]
        for key in used_up * 2:
            assert limiter.decide(key, rate).allowed
        for n in range(1000):
            limiter.decide(f"k{n}", rate)
        assert len(limiter) == 100
        assert not any(limiter.decide(key, rate).allowed for key in used_up)

    def test_where_all_are_used_up_the_first_gives_way(self) -> None:
        limiter, rate = LocalLimiter(Clock(), capacity=3), Rate(1, 3600)
        assert all(limiter.decide(f"k{n}", rate).allowed for n in range(10))
        assert len(limiter) == 3
        assert [limiter.decide(f"k{n}", rate).allowed for n in (9, 8, 7)] == [False] * 3

    def test_a_refused_call_opens_no_window(self) -> None:
        limiter, rate = LocalLimiter(Clock(), capacity=1000), Rate(1, 3600)
        told = [limiter.decide(f"k{n}", rate, (f"near{n // 4}", "all")) for n in range(100)]
        assert sum(decision.allowed for decision in told) == 16
        assert len(limiter) == 16 + 4 + 1

    def test_a_window_that_was_used_up_once_is_not_kept_for_ever(self) -> None:
        clock = Clock()
        limiter, rate = LocalLimiter(clock, capacity=3), Rate(2, 60)
        for key in ("0", "0", "a", "b", "c"):
            limiter.decide(key, rate)
        clock.now += 60
        for key in ("0", "d", "e", "f", "g"):
            assert limiter.decide(key, rate).allowed
        assert limiter.decide("0", rate).remaining == 1

    def test_it_never_keeps_more_than_its_capacity(self) -> None:
        limiter = LocalLimiter(Clock(), capacity=100)
        for number in range(5_000):
            assert limiter.decide(f"key {number}", Rate(1, 1 + number % 7)).allowed
            assert len(limiter) <= 100

    def test_a_full_house_drops_the_window_that_would_end_first(self) -> None:
        limiter = LocalLimiter(Clock(), capacity=3)
        for key, window in (("long", 60), ("short", 10), ("middle", 30)):
            limiter.decide(key, Rate(1, window))
        limiter.decide("new", Rate(1, 20))
        assert not limiter.decide("long", Rate(1, 60)).allowed
        assert not limiter.decide("middle", Rate(1, 30)).allowed
        assert not limiter.decide("new", Rate(1, 20)).allowed
        assert limiter.decide("short", Rate(1, 10)).allowed

    def test_a_reopened_window_is_judged_by_its_new_end(self) -> None:
        clock = Clock()
        limiter = LocalLimiter(clock, capacity=2)
        limiter.decide("reopened", Rate(1, 10))
        clock.now += 10
        limiter.decide("reopened", Rate(1, 10))
        limiter.decide("first to end", Rate(1, 5))
        limiter.decide("new", Rate(1, 60))
        assert not limiter.decide("reopened", Rate(1, 10)).allowed

    def test_a_window_prolonged_by_another_keeper_is_judged_by_its_new_end(self) -> None:
        limiter = LocalLimiter(Clock(), capacity=2)
        limiter.note(("prolonged",), Rate(1, 60), [1_000])
        limiter.note(("prolonged",), Rate(1, 60), [60_000])
        limiter.decide("first to end", Rate(1, 5))
        limiter.decide("new", Rate(1, 60))
        assert not limiter.decide("prolonged", Rate(1, 60)).allowed

    def test_ended_windows_are_swept_a_few_per_call(self) -> None:
        clock = Clock()
        limiter = LocalLimiter(clock)
        for number in range(1_000):
            limiter.decide(f"key {number}", Rate(1, 5))
        clock.now += 5
        limiter.decide("other", Rate(10_000, 60))
        assert len(limiter) == 999, "a single call must not pay for all"
        for _ in range(500):
            limiter.decide("other", Rate(10_000, 60))
        assert len(limiter) == 1

    def test_sweeping_keeps_pace_with_new_keys(self) -> None:
        clock = Clock()
        limiter = LocalLimiter(clock)
        for number in range(10_000):
            clock.now += 0.01
            limiter.decide(f"key {number}", Rate(1, 1))
            assert len(limiter) <= 101

    def test_reopening_windows_takes_no_memory(self) -> None:
        clock = Clock()
        limiter = LocalLimiter(clock)
        for _ in range(2_000):
            clock.now += 1
            for key in "abc":
                assert limiter.decide(key, Rate(1, 1)).allowed
        assert len(limiter._windows) == len(limiter._ends) <= 3

    def test_a_share_is_at_least_one_call_and_reports_the_policys_limit(self) -> None:
        limiter = LocalLimiter(Clock())
        decisions = [limiter.decide_share("k", Rate(10, 60), 4) for _ in range(3)]
        assert decisions == [Decision(True, 10, 1, 60), Decision(True, 10, 0, 60), Decision(False, 10, 0, 60)]
        assert limiter.decide_share("small", Rate(3, 60), 4) == Decision(True, 3, 0, 60)


class TestRedisLimiter:
    def test_processes_share_the_limit(self, server: RedisServer) -> None:
        async def main() -> None:
            async with connected(server, share=2) as (client, first), connected(server, share=2) as (_, second):
                await client.flushall()
                assert await burst(100, "k", Rate(10, 60), first, second) == 10
                assert not first.degraded
                assert not second.degraded

        asyncio.run(main())

    def test_a_burst_of_our_own_is_not_mistaken_for_a_slow_redis(self, server: RedisServer) -> None:
        async def main() -> None:
            async with connected(server, timeout=TIMEOUT) as (client, limiter):
                await client.flushall()
                assert await burst(1000, "k", Rate(10, 60), limiter) == 10
                assert not limiter.degraded

        asyncio.run(main())

    def test_a_key_that_lost_its_expiry_gets_a_new_one(self, server: RedisServer) -> None:
        async def main() -> None:
            async with connected(server) as (client, limiter):
                await client.flushall()
                await limiter.hit("k", Rate(1, 60))
                assert await client.persist(f"{KEY_PREFIX}60:k")
                assert await limiter.hit("k", Rate(1, 60)) == Decision(False, 1, 0, 60)
                assert 0 < await client.pttl(f"{KEY_PREFIX}60:k") <= 60_000

        asyncio.run(main())

    def test_every_key_expires(self, server: RedisServer) -> None:
        async def main() -> None:
            async with connected(server) as (client, limiter):
                await client.flushall()
                await burst(50, "k", Rate(10, 60), limiter)
                keys = await client.keys("*")
                assert keys == [f"{KEY_PREFIX}60:k".encode()]
                assert 0 < await client.pttl(keys[0]) <= 60_000

        asyncio.run(main())

    def test_a_forgotten_script_is_loaded_again(self, server: RedisServer) -> None:
        async def main() -> None:
            async with connected(server) as (client, limiter):
                await client.flushall()
                await limiter.hit("k", Rate(5, 60))
                await client.script_flush()
                assert (await limiter.hit("k", Rate(5, 60))).remaining == 3
                assert not limiter.degraded

        asyncio.run(main())


class TestRedisDown:
    def test_an_absent_redis_leaves_the_share(self, tmp_path: Path) -> None:
        async def main() -> None:
            async with connected(RedisServer(tmp_path), share=4) as (_, limiter):
                decisions = [await limiter.hit("k", Rate(10, 60)) for _ in range(3)]
                assert limiter.degraded
                assert [decision.allowed for decision in decisions] == [True, True, False]
                assert [decision.remaining for decision in decisions] == [1, 0, 0]
                assert {decision.limit for decision in decisions} == {10}

        asyncio.run(main())

    def test_what_redis_admitted_counts_towards_the_share_and_its_window_goes_on(self, mortal: RedisServer) -> None:
        async def main() -> None:
            async with connected(mortal, share=2) as (client, limiter):
                other = RedisLimiter(client, LocalLimiter(), 2)
                await other.hit("k", Rate(10, 60))
                await client.pexpire(f"{KEY_PREFIX}60:k", 20_000)
                assert await burst(3, "k", Rate(10, 60), limiter) == 3
                mortal.kill()
                decisions = [await limiter.hit("k", Rate(10, 60)) for _ in range(3)]
                assert [decision.allowed for decision in decisions] == [True, True, False]
                assert [decision.remaining for decision in decisions] == [1, 0, 0]
                assert all(decision.reset <= 20 for decision in decisions)

        asyncio.run(main())

    def test_killed_under_load_each_process_admits_its_share_and_returns_with_redis(self, mortal: RedisServer) -> None:
        with capture_logs() as logs:
            asyncio.run(self.kill_under_load(mortal))
        events = [(line["event"], line["log_level"]) for line in logs]
        assert sorted(events) == [("ratelimit.degraded", "warning")] * 2 + [("ratelimit.restored", "info")] * 2

    async def kill_under_load(self, mortal: RedisServer) -> None:
        async with connected(mortal, share=2) as (_, first), connected(mortal, share=2) as (_, second):
            limiters = (first, second)
            admitted, refused = [0, 0], [0, 0]
            loading = True

            async def load(index: int) -> None:
                while loading:
                    decision = await limiters[index].hit("k", Rate(20_000, 3600))
                    (admitted if decision.allowed else refused)[index] += 1
                    await asyncio.sleep(0)

            callers = [asyncio.create_task(load(index)) for index in (0, 1) for _ in range(40)]
            await until(lambda: min(admitted) >= 50)
            assert (first.degraded, second.degraded) == (False, False)
            mortal.kill()
            await until(lambda: min(refused) >= 1000)
            loading = False
            await asyncio.gather(*callers)
            assert admitted == [10_000, 10_000]

            mortal.start()
            await asyncio.gather(*map(until_restored, limiters))
            assert await burst(50, "after", Rate(10, 60), first, second) == 10

    def test_a_frozen_redis_costs_no_more_than_the_timeout(self, mortal: RedisServer) -> None:
        async def main() -> None:
            async with connected(mortal, timeout=TIMEOUT) as (_, limiter):
                await burst(50, "warm", Rate(10, 60), limiter)
                await until_restored(limiter)
                mortal.freeze()
                started = time.monotonic()
                assert await burst(200, "frozen", Rate(10, 60), limiter) == 10
                assert time.monotonic() - started < TIMEOUT + 0.9
                assert limiter.degraded
                mortal.thaw()
                await until_restored(limiter)
                # An answer that came too late must not be taken for the next call's.
                rates = [Rate(number, 60) for number in range(1, 100)]
                decisions = await asyncio.gather(*(limiter.hit(f"thawed {rate.limit}", rate) for rate in rates))
                assert [decision.remaining for decision in decisions] == list(range(99))

        asyncio.run(main())

    def test_a_connection_in_use_leaves_the_share(self, server: RedisServer) -> None:
        async def main() -> None:
            async with aclosing(connect_redis(server.url, timeout=UNHURRIED)) as client:
                limiter = RedisLimiter(client, LocalLimiter(), 2)
                holder = asyncio.ensure_future(client.blpop(["nothing"], timeout=0.5))
                await asyncio.sleep(0)
                assert await burst(20, "pool", Rate(10, 60), limiter) == 5
                assert limiter.degraded
                assert await holder is None

        asyncio.run(main())

    def test_an_error_reply_leaves_the_share(self, server: RedisServer) -> None:
        async def main() -> None:
            async with connected(server, share=2) as (client, limiter):
                await client.flushall()
                await client.rpush(f"{KEY_PREFIX}60:k", "not a count")
                assert await burst(20, "k", Rate(10, 60), limiter) == 5
                assert limiter.degraded

        asyncio.run(main())

    def test_whoever_waits_behind_a_failure_gets_the_share_at_once(self, tmp_path: Path) -> None:
        """The server answers nothing but errors, and only when it is told to."""
        under_way, answer = asyncio.Event(), asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await reader.read(1000):
                under_way.set()
                await answer.wait()
                writer.write(b"-ERR broken\r\n")
            writer.close()

        async def main() -> None:
            path = tmp_path / "broken.sock"
            url = f"unix://{path}?protocol=2"
            async with (
                await asyncio.start_unix_server(serve, path),
                aclosing(connect_redis(url, timeout=UNHURRIED)) as client,
            ):
                limiter = RedisLimiter(client, LocalLimiter(), 2, timeout=UNHURRIED)
                first = asyncio.create_task(limiter.hit("k", Rate(2, 60)))
                await under_way.wait()
                others = [asyncio.create_task(limiter.hit("k", Rate(2, 60))) for _ in range(200)]
                await asyncio.sleep(0)
                answer.set()
                decisions = await asyncio.gather(first, *others)
                assert sum(decision.allowed for decision in decisions) == 1

        asyncio.run(main())


class TestBreaker:
    """Against a server that accepts connections, counts them and never answers."""

    @asynccontextmanager
    async def silent(self, tmp_path: Path) -> AsyncIterator[tuple[RedisLimiter, Clock, list[asyncio.Event]]]:
        """``attempts`` are set when their caller hangs up."""
        attempts: list[asyncio.Event] = []
        clock = Clock()

        async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            attempts.append(hung_up := asyncio.Event())
            await reader.read(-1)
            hung_up.set()
            writer.close()

        path = tmp_path / "silent.sock"
        async with await asyncio.start_unix_server(swallow, path), aclosing(connect_redis(f"unix://{path}")) as client:
            yield RedisLimiter(client, LocalLimiter(), 1, clock=clock), clock, attempts

    def test_one_call_probes_after_a_pause_while_the_others_stay_local(self, tmp_path: Path) -> None:
        async def main() -> None:
            async with self.silent(tmp_path) as (limiter, clock, attempts):
                assert (await limiter.hit("k", Rate(10, 60))).allowed
                assert (limiter.degraded, len(attempts)) == (True, 1)
                for expected in (2, 3):
                    clock.now += PAUSE - 0.001
                    await burst(50, "k", Rate(10, 60), limiter)
                    assert len(attempts) == expected - 1
                    clock.now += 0.002
                    await burst(50, "k", Rate(10, 60), limiter)
                    assert len(attempts) == expected

        asyncio.run(main())

    def test_a_probe_whose_caller_went_away_blocks_nobody(self, tmp_path: Path) -> None:
        async def main() -> None:
            async with self.silent(tmp_path) as (limiter, clock, attempts):
                await limiter.hit("k", Rate(10, 60))
                clock.now += PAUSE
                probe = asyncio.create_task(limiter.hit("k", Rate(10, 60)))
                await until(lambda: len(attempts) == 2)
                probe.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await probe
                await attempts[-1].wait()
                clock.now += PAUSE
                assert (await limiter.hit("k", Rate(10, 60))).allowed
                assert len(attempts) == 3

        asyncio.run(main())
