"""The queue of passwords: who comes first, who is turned away, and whose turn is nobody's any more."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from domain.errors import ApiError
from services.turns import MOST_WAITING_OF_ONE, SECONDS_OF_A_ROUND, Caller, CallerLeft, OneByOne, Standing, Turns

# As the queue expects it: so many rounds take a tenth of a second.
TENTH = round(0.1 / SECONDS_OF_A_ROUND)


def stranger(network: str, target: str = "") -> Caller:
    return Caller(Standing.STRANGER, (network, target) if target else (network,))


class Stand:
    """A queue with one thread, which is held up until ``release``; ``done`` tells who came in which order."""

    def __init__(self) -> None:
        self.refusals: list[None] = []
        self.turns = Turns(1, "test", lambda: None, lambda: self.refusals.append(None))
        self.done: list[str] = []
        self.held, self.began = threading.Event(), threading.Event()

    def ask(self, name: str, caller: Caller, rounds: int = 1) -> "asyncio.Task[None]":
        return asyncio.create_task(self.turns.run(caller, rounds, lambda: self.done.append(name)))

    async def hold(self, rounds: int = 1) -> "asyncio.Task[None]":
        def wait() -> None:
            self.began.set()
            self.held.wait()

        task = asyncio.create_task(self.turns.run(Caller(), rounds, wait))
        await asyncio.to_thread(self.began.wait)
        return task

    async def all_done(self, *tasks: "asyncio.Task[None]") -> list[Any]:
        await asyncio.sleep(0)  # all of them have asked
        self.held.set()
        return await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def stand() -> Iterator[Stand]:
    made = Stand()
    yield made
    made.held.set()
    made.turns.close()


def run(scenario: Callable[[], Awaitable[Any]]) -> Any:
    return asyncio.run(scenario())  # type: ignore[arg-type]


class TestOrder:
    def test_signed_in_first_then_known_then_strangers(self, stand: Stand) -> None:
        async def scenario() -> None:
            first = await stand.hold()
            asked = [
                stand.ask("stranger", stranger("a")),
                stand.ask("known", Caller(Standing.KNOWN, ("b",))),
                stand.ask("signed in", Caller(Standing.SIGNED_IN, ("c",))),
            ]
            await stand.all_done(first, *asked)

        run(scenario)
        assert stand.done == ["signed in", "known", "stranger"]

    def test_each_network_gets_its_share(self, stand: Stand) -> None:
        async def scenario() -> None:
            first = await stand.hold()
            crowd = [stand.ask(f"crowd {n}", stranger("crowd")) for n in range(4)]
            await stand.all_done(first, *crowd, stand.ask("one", stranger("home")), stand.ask("two", stranger("cafe")))

        run(scenario)
        assert stand.done == ["crowd 0", "one", "two", "crowd 1", "crowd 2", "crowd 3"]

    def test_so_does_each_account_that_is_aimed_at(self, stand: Stand) -> None:
        async def scenario() -> None:
            first = await stand.hold()
            guesses = [stand.ask(f"guess {n}", stranger(f"network {n}", "ada")) for n in range(6)]
            await stand.all_done(first, *guesses, stand.ask("eve", stranger("home", "eve")))

        run(scenario)
        assert stand.done[:2] == ["guess 0", "eve"]

    def test_nobody_waits_for_ever_behind_newcomers(self, stand: Stand) -> None:
        async def scenario() -> None:
            first = await stand.hold()
            crowd = [stand.ask(f"crowd {n}", stranger("crowd")) for n in range(3)]

            async def newcomers() -> None:
                for number in range(10):
                    await asyncio.gather(*(stand.ask(f"new {number}.{n}", stranger(f"{number}.{n}")) for n in range(2)))

            await stand.all_done(first, *crowd, asyncio.create_task(newcomers()))

        run(scenario)
        assert stand.done.index("crowd 2") < stand.done.index("new 3.0")


class TestRoom:
    def test_only_a_few_of_one_network_wait(self, stand: Stand) -> None:
        async def scenario() -> list[Any]:
            first = await stand.hold()
            crowd = [stand.ask(f"{n}", stranger("crowd")) for n in range(MOST_WAITING_OF_ONE + 3)]
            return await stand.all_done(first, *crowd, stand.ask("other", stranger("home")))

        answers = run(scenario)
        refused = [answer for answer in answers if isinstance(answer, ApiError)]
        assert [refusal.code for refusal in refused] == ["service.unavailable"] * 3
        assert all(refusal.retry_after and refusal.retry_after >= 1 for refusal in refused)
        assert len(stand.refusals) == 3
        assert stand.done[:2] == ["0", "other"]

    def test_who_would_wait_too_long_is_told_at_once(self, stand: Stand) -> None:
        async def scenario() -> list[Any]:
            first = await stand.hold(10 * TENTH)
            return await stand.all_done(first, *(stand.ask(f"{n}", stranger(f"{n}"), 5 * TENTH) for n in range(7)))

        answers = run(scenario)
        assert [isinstance(answer, ApiError) for answer in answers] == [False] * 6 + [True] * 2
        assert answers[-1].retry_after > 3

    def test_what_strangers_wait_for_is_nothing_to_who_comes_before_them(self, stand: Stand) -> None:
        async def scenario() -> None:
            first = await stand.hold(10 * TENTH)
            crowd = [stand.ask(f"{n}", stranger(f"{n}"), 5 * TENTH) for n in range(7)]
            await stand.all_done(first, *crowd, stand.ask("signed in", Caller(Standing.SIGNED_IN, ("ada",)), TENTH))

        run(scenario)
        assert stand.done[0] == "signed in"

    def test_there_is_room_again_afterwards(self, stand: Stand) -> None:
        async def scenario() -> None:
            first = await stand.hold()
            await stand.all_done(first, *(stand.ask(f"{n}", stranger("crowd")) for n in range(9)))
            await asyncio.gather(*(stand.ask(f"later {n}", stranger("crowd")) for n in range(4)))

        run(scenario)
        assert len([name for name in stand.done if name.startswith("later")]) == 4
        assert (stand.turns.waiting, stand.turns._waiting_of, stand.turns._last_place) == (0, {}, {})


class TestGone:
    def test_whoever_left_loses_the_turn(self, stand: Stand) -> None:
        async def scenario() -> list[Any]:
            first, left = await stand.hold(), asyncio.Event()

            async def gone() -> None:
                await left.wait()

            leaving = stand.ask("left", Caller(Standing.STRANGER, ("a",), gone))
            stays = stand.ask("stays", stranger("a"))
            await asyncio.sleep(0)
            left.set()
            with pytest.raises(CallerLeft):
                await leaving
            assert stand.turns.waiting == 1
            return await stand.all_done(first, stays)

        run(scenario)
        assert stand.done == ["stays"]

    def test_what_runs_already_runs_to_its_end(self, stand: Stand) -> None:
        async def scenario() -> str:
            left, began, goes_on = asyncio.Event(), threading.Event(), threading.Event()

            async def gone() -> None:
                await left.wait()

            def work() -> str:
                began.set()
                goes_on.wait()
                return "done"

            task = asyncio.create_task(stand.turns.run(Caller(Standing.STRANGER, ("a",), gone), 1, work))
            await asyncio.to_thread(began.wait)
            left.set()
            await asyncio.sleep(0)
            goes_on.set()
            return await task

        assert run(scenario) == "done"

    def test_a_cancelled_one_leaves_its_place(self, stand: Stand) -> None:
        async def scenario() -> None:
            first = await stand.hold()
            for _ in range(3 * MOST_WAITING_OF_ONE):
                waiting = stand.ask("cancelled", stranger("a"))
                await asyncio.sleep(0)
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)
            await stand.all_done(first, stand.ask("last", stranger("a")))

        run(scenario)
        assert stand.done == ["last"]

    def test_closing_ends_those_that_wait(self, stand: Stand) -> None:
        async def scenario() -> list[Any]:
            await stand.hold()
            waiting = stand.ask("waits", stranger("a"))
            await asyncio.sleep(0)
            stand.turns.close()
            stand.held.set()
            return list(await asyncio.gather(waiting, return_exceptions=True))

        assert [type(answer) for answer in run(scenario)] == [asyncio.CancelledError]


class TestFaults:
    def test_are_the_callers_to_hear(self, stand: Stand) -> None:
        def fail() -> None:
            raise ValueError("of the work")

        with pytest.raises(ValueError, match="of the work"):
            asyncio.run(stand.turns.run(Caller(), 1, fail))


class TestOneByOne:
    def test_blocks_of_one_key_follow_each_other(self) -> None:
        one_by_one, inside, most = OneByOne(), {"a": 0, "b": 0}, {"a": 0, "b": 0}

        async def block(key: str) -> None:
            async with one_by_one(key):
                inside[key] += 1
                most[key] = max(most[key], inside[key])
                together.add(sum(inside.values()))
                await asyncio.sleep(0)
                inside[key] -= 1

        async def scenario() -> None:
            await asyncio.gather(*(block(key) for key in "ab" * 5))

        together: set[int] = set()
        asyncio.run(scenario())
        assert most == {"a": 1, "b": 1}
        assert 2 in together
        assert not one_by_one._locks
