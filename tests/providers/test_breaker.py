"""A provider that fails is left alone for a while, and how its calls ended is kept in mind."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from providers.breaker import FAILURES, OPEN_SECONDS, WITHIN_SECONDS, Breaker, State
from providers.observing import LONGEST_FAULT, Tally, Watch, nobody
from providers.ports import ProviderRejected, ProviderUnavailable

NOON = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock)


def fail(breaker: Breaker, times: int = FAILURES) -> None:
    for _ in range(times):
        breaker.failed()


class TestBreaker:
    def test_fewer_failures_keep_it_closed(self, breaker: Breaker) -> None:
        fail(breaker, FAILURES - 1)
        assert (breaker.state, breaker.allows(), breaker.open_seconds) == (State.CLOSED, True, 0)

    def test_as_many_open_it(self, breaker: Breaker) -> None:
        fail(breaker)
        assert (breaker.state, breaker.allows()) == (State.OPEN, False)

    def test_only_those_within_the_window_count(self, breaker: Breaker, clock: Clock) -> None:
        fail(breaker, FAILURES - 1)
        clock.now += WITHIN_SECONDS + 1
        fail(breaker, FAILURES - 1)
        seen = [breaker.state]
        breaker.failed()
        assert [*seen, breaker.state] == [State.CLOSED, State.OPEN]

    def test_an_answer_begins_anew(self, breaker: Breaker) -> None:
        fail(breaker, FAILURES - 1)
        breaker.answered()
        fail(breaker, FAILURES - 1)
        assert breaker.state is State.CLOSED

    def test_after_the_pause_one_call_probes(self, breaker: Breaker, clock: Clock) -> None:
        fail(breaker)
        clock.now += OPEN_SECONDS - 1
        assert not breaker.allows()
        clock.now += 1
        assert breaker.state is State.HALF_OPEN
        assert [breaker.allows() for _ in range(3)] == [True, False, False]

    def test_a_good_probe_closes_it(self, breaker: Breaker, clock: Clock) -> None:
        fail(breaker)
        clock.now += OPEN_SECONDS
        assert breaker.allows()
        breaker.answered()
        assert (breaker.state, breaker.allows()) == (State.CLOSED, True)

    def test_a_bad_probe_begins_another_pause(self, breaker: Breaker, clock: Clock) -> None:
        fail(breaker)
        clock.now += OPEN_SECONDS
        assert breaker.allows()
        breaker.failed()
        clock.now += OPEN_SECONDS - 1
        assert breaker.state is State.OPEN
        assert breaker.open_seconds == 2 * OPEN_SECONDS - 1


def ended(watch: Watch, error: BaseException | None) -> None:
    with suppress(BaseException), watch.call("sms", "vendor"):
        if error is not None:
            raise error


class TestWatch:
    @pytest.fixture
    def watch(self, clock: Clock) -> Watch:
        return Watch(nobody, clock, lambda: NOON)

    @pytest.mark.parametrize("error", [ProviderUnavailable("down"), KeyError("ours")])
    def test_failures_open_the_breaker(self, watch: Watch, error: Exception) -> None:
        for _ in range(FAILURES):
            ended(watch, error)
        assert not watch.allows("sms", "vendor")
        assert watch.allows("sms", "another")

    @pytest.mark.parametrize("error", [None, ProviderRejected("no such number")])
    def test_answers_close_it(self, watch: Watch, error: Exception | None) -> None:
        for _ in range(FAILURES):
            ended(watch, ProviderUnavailable("down"))
        ended(watch, error)
        assert watch.allows("sms", "vendor")

    def test_who_gave_up_tells_nothing_of_the_provider(self, watch: Watch) -> None:
        for _ in range(FAILURES - 1):
            ended(watch, ProviderUnavailable("down"))
        ended(watch, asyncio.CancelledError())
        assert watch.allows("sms", "vendor")
        ended(watch, ProviderUnavailable("down"))
        assert not watch.allows("sms", "vendor")

    def test_what_was_counted_is_taken_once(self, watch: Watch) -> None:
        for fault in ("first", "second"):
            ended(watch, ProviderUnavailable(fault))
        ended(watch, None)
        taken = watch.taken()
        hour = NOON.replace(minute=0)
        assert {key: (tally.calls, tally.fault) for key, tally in taken.items()} == {
            (hour, "sms", "vendor", "unavailable"): (2, "second"),
            (hour, "sms", "vendor", "ok"): (1, None),
        }
        assert watch.taken() == {}

    def test_what_could_not_be_told_is_counted_on(self, watch: Watch) -> None:
        key = (NOON.replace(minute=0), "sms", "vendor", "ok")
        ended(watch, None)
        taken = watch.taken()
        ended(watch, None)
        watch.give_back(taken)
        assert watch.taken()[key].calls == 2

    def test_a_later_call_without_a_fault_keeps_the_last_one(self) -> None:
        first = Tally(1, 2.0, 2.0, NOON, "down")
        later = Tally(1, 1.0, 1.0, NOON + timedelta(minutes=1), None)
        assert first + later == Tally(2, 3.0, 2.0, NOON + timedelta(minutes=1), "down")

    def test_texts_of_strangers_are_not_kept(self, watch: Watch) -> None:
        ended(watch, KeyError("planted-secret"))
        assert watch.circuit("sms", "vendor").fault == "KeyError"
        ended(watch, ProviderUnavailable("x" * 1000))
        assert watch.circuit("sms", "vendor").fault == "x" * LONGEST_FAULT
