"""Passwords under load: the event loop stays free, and a flood is turned away instead of queued for ever."""

import asyncio
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import bcrypt
import pytest

from domain.errors import ApiError
from services.passwords import Hasher, Match
from tests.harness import Api, Server
from tests.providers.fakes import FakeConfig

ROUNDS = 10
SLOW_ROUNDS = 12


@pytest.fixture
def config() -> FakeConfig:
    return FakeConfig({"auth.salt_rounds": ROUNDS})


@pytest.fixture
def hasher(config: FakeConfig) -> Iterator[Hasher]:
    made = Hasher(config, threads=1)
    yield made
    made.close()


class TestHash:
    def test_matches_its_password_only(self, hasher: Hasher) -> None:
        async def scenario() -> None:
            hashed = await hasher.hash("Correct-Horse-7")
            assert (await hasher.match("Correct-Horse-7", hashed)).right
            assert not (await hasher.match("Correct-Horse-8", hashed)).right
            assert not (await hasher.match("", hashed)).right

        asyncio.run(scenario())

    def test_costs_what_the_config_says(self, hasher: Hasher) -> None:
        assert asyncio.run(hasher.hash("x")).startswith(f"$2b${ROUNDS}$")

    def test_is_salted(self, hasher: Hasher) -> None:
        async def scenario() -> tuple[str, str]:
            return await hasher.hash("x"), await hasher.hash("x")

        first, second = asyncio.run(scenario())
        assert first != second

    @pytest.mark.parametrize("start", ["x" * 72, "x" * 127, "\U0001f600" * 18])
    def test_long_ones_differ_to_the_end(self, hasher: Hasher, start: str) -> None:
        async def scenario() -> None:
            hashed = await hasher.hash(start + "a")
            assert (await hasher.match(start + "a", hashed)).right
            assert not (await hasher.match(start + "b", hashed)).right
            assert not (await hasher.match(start, hashed)).right

        asyncio.run(scenario())

    def test_one_with_a_nul_is_not_cut(self, hasher: Hasher) -> None:
        async def scenario() -> bool:
            return (await hasher.match("a\0c", await hasher.hash("a\0b"))).right

        assert not asyncio.run(scenario())

    def test_is_not_the_bare_password(self, hasher: Hasher) -> None:
        hashed = asyncio.run(hasher.hash("Correct-Horse-7"))
        assert not bcrypt.checkpw(b"Correct-Horse-7", hashed.encode())


class TestUnknownAccount:
    def test_takes_one_hash_and_never_matches(self, hasher: Hasher) -> None:
        assert not asyncio.run(hasher.match("Correct-Horse-7", None)).right
        assert hasher.performed == 1

    def test_takes_the_same_work(self, hasher: Hasher) -> None:
        async def seconds(password_hash: str | None) -> float:
            before = time.process_time()
            await hasher.match("Correct-Horse-7", password_hash)
            return time.process_time() - before

        async def scenario() -> tuple[float, float]:
            known = await hasher.hash("Correct-Horse-8")
            pairs = [(await seconds(known), await seconds(None)) for _ in range(5)]
            return min(a for a, _ in pairs), min(b for _, b in pairs)

        wrong, unknown = asyncio.run(scenario())
        assert wrong / 2 < unknown < wrong * 2

    def test_over_the_wire(self, server: Server, api: Api) -> None:
        api.sign_up()
        hasher = server.app.hasher
        counts = []
        for email in ("ada@example.com", "nobody@example.com"):
            before = hasher.performed
            api.call("auth.login", {"email": email, "password": "Wrong-Horse-7"})
            counts.append(hasher.performed - before)
        assert counts == [1, 1]


class TestCost:
    """A failure tells nothing by its work, whatever the costs of the hashes are."""

    def failures(self, hasher: Hasher, *hashes: str | None) -> list[int]:
        async def scenario() -> list[int]:
            spent = [hasher.spent]
            for password_hash in hashes:
                assert not (await hasher.match("Wrong-Horse-7", password_hash)).right
                spent.append(hasher.spent)
            return [after - before for before, after in pairwise(spent)]

        return asyncio.run(scenario())

    def test_after_a_rise_all_failures_take_the_new_cost(self, hasher: Hasher, config: FakeConfig) -> None:
        old = asyncio.run(hasher.hash("Correct-Horse-7"))
        config["auth.salt_rounds"] = 12
        new = asyncio.run(hasher.hash("Correct-Horse-7"))
        assert self.failures(hasher, None, old, new) == [2**12] * 3

    def test_after_a_fall_they_take_the_cost_of_the_dearest_hash(self, hasher: Hasher, config: FakeConfig) -> None:
        config["auth.salt_rounds"] = 12
        old = asyncio.run(hasher.hash("Correct-Horse-7"))
        config["auth.salt_rounds"] = 10
        new = asyncio.run(hasher.hash("Correct-Horse-7"))
        hasher.dearest = 12
        assert self.failures(hasher, None, old, new) == [2**12] * 3

    def test_a_success_takes_no_more_than_its_own(self, hasher: Hasher, config: FakeConfig) -> None:
        old = asyncio.run(hasher.hash("Correct-Horse-7"))
        config["auth.salt_rounds"], before = 12, hasher.spent
        assert asyncio.run(hasher.match("Correct-Horse-7", old)) == Match(True, outdated=True)
        assert hasher.spent - before == 2**10

    def test_a_hash_of_today_is_not_outdated(self, hasher: Hasher) -> None:
        hashed = asyncio.run(hasher.hash("Correct-Horse-7"))
        assert asyncio.run(hasher.match("Correct-Horse-7", hashed)) == Match(True)

    def test_one_of_the_text_as_it_was_sent_is(self, hasher: Hasher) -> None:
        hashed = asyncio.run(hasher.hash("o\u0308"))
        assert asyncio.run(hasher.match("\u00f6", hashed, "o\u0308")) == Match(True, outdated=True)


class TestFlood:
    def test_beyond_the_deadline_is_turned_away_at_once(self) -> None:
        hasher = Hasher(FakeConfig({"auth.salt_rounds": ROUNDS}), threads=1, deadline=0.1)

        async def scenario() -> list[Any]:
            return await asyncio.gather(*(hasher.hash("x") for _ in range(10)), return_exceptions=True)

        answers = asyncio.run(scenario())
        hasher.close()
        refused = [answer for answer in answers if isinstance(answer, ApiError)]
        assert 0 < len(refused) < 10
        assert {refusal.code for refusal in refused} == {"service.unavailable"}
        assert all(refusal.retry_after for refusal in refused)

    def test_the_queue_is_free_again_afterwards(self, hasher: Hasher) -> None:
        async def scenario() -> None:
            await asyncio.gather(*(hasher.hash("x") for _ in range(10)), return_exceptions=True)
            await asyncio.gather(*(hasher.hash("x") for _ in range(3)))

        asyncio.run(scenario())

    def test_a_caller_that_goes_away_leaves_its_place(self, hasher: Hasher) -> None:
        async def scenario() -> None:
            for _ in range(5):
                waiting = asyncio.create_task(hasher.hash("x"))
                await asyncio.sleep(0)
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)
            await hasher.hash("x")

        asyncio.run(scenario())


class TestEventLoop:
    def test_never_waits(self) -> None:
        hasher = Hasher(FakeConfig({"auth.salt_rounds": SLOW_ROUNDS}), threads=1)

        async def scenario() -> int:
            hashing, turns = asyncio.create_task(hasher.hash("x")), 0
            while not hashing.done():
                await asyncio.sleep(0)
                turns += 1
            return turns

        try:
            assert asyncio.run(scenario()) > 100
        finally:
            hasher.close()
