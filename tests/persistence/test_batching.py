"""One question for all who wait: who goes along with whom, and what happens to them together."""

import asyncio
from collections.abc import Sequence

import pytest

from persistence.engine.batching import Batched


class Oracle:
    """Doubles numbers, when it is allowed to; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Sequence[int]] = []
        self.may_answer = asyncio.Event()

    async def __call__(self, questions: Sequence[int]) -> Sequence[int]:
        self.asked.append(questions)
        await self.may_answer.wait()
        if 13 in questions:
            raise ValueError("unlucky")
        return [] if 0 in questions else [2 * number for number in questions]


async def step() -> None:
    """Whoever can go on has gone on."""
    for _ in range(5):
        await asyncio.sleep(0)


class TestBatched:
    def test_whoever_comes_meanwhile_waits_for_the_next_question(self) -> None:
        async def main() -> None:
            oracle = Oracle()
            batched = Batched(oracle, most=3)
            first = [asyncio.create_task(batched.ask(number)) for number in (1, 2)]
            await step()
            others = [asyncio.create_task(batched.ask(number)) for number in range(3, 8)]
            await step()
            assert oracle.asked == [[1, 2]]
            oracle.may_answer.set()
            assert await asyncio.gather(*first, *others) == [2, 4, 6, 8, 10, 12, 14]
            assert oracle.asked == [[1, 2], [3, 4, 5], [6, 7]]

        asyncio.run(main())

    def test_so_many_are_under_way_at_once(self) -> None:
        async def main() -> None:
            oracle = Oracle()
            batched = Batched(oracle, most=3, at_once=2)
            tasks = []
            for number in (1, 2, 3, 4):
                tasks.append(asyncio.create_task(batched.ask(number)))
                await step()
            assert oracle.asked == [[1], [2]]
            oracle.may_answer.set()
            assert await asyncio.gather(*tasks) == [2, 4, 6, 8]
            assert oracle.asked == [[1], [2], [3, 4]]

        asyncio.run(main())

    @pytest.mark.parametrize("fatal", [13, 0], ids=["an exception", "too few answers"])
    def test_a_failure_is_that_of_all_who_went_along_and_of_nobody_else(self, fatal: int) -> None:
        async def main() -> None:
            oracle = Oracle()
            oracle.may_answer.set()
            batched = Batched(oracle, most=2)
            ended = await asyncio.gather(*map(batched.ask, (1, fatal, 3, 4)), return_exceptions=True)
            assert [type(end) for end in ended] == [ValueError, ValueError, int, int]
            assert await batched.ask(5) == 10

        asyncio.run(main())

    def test_who_goes_away_is_not_waited_for(self) -> None:
        async def main() -> None:
            oracle = Oracle()
            batched = Batched(oracle, most=3)
            gone, stays = (asyncio.create_task(batched.ask(number)) for number in (1, 2))
            await step()
            gone.cancel()
            oracle.may_answer.set()
            assert await stays == 4

        asyncio.run(main())
