"""One question for all who wait."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Batched(Generic[Question, Answer]):
    """Answers many callers by few round trips.

    Where nothing is under way, a caller is asked for at once. Whoever comes while ``at_once`` batches are under way
    waits for the next one, and shares its cost with all others who do: the busier, the cheaper for each.

    ``ask`` gets up to ``most`` questions and gives their answers in the same order. What it raises, all of them get.
    """

    def __init__(
        self, ask: Callable[[Sequence[Question]], Awaitable[Sequence[Answer]]], *, most: int, at_once: int = 1
    ) -> None:
        self._ask = ask
        self._most = most
        self._at_once = at_once
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._under_way: set[asyncio.Task[None] | None] = set()
        self._starting = False

    async def ask(self, question: Question) -> Answer:
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if not self._starting and len(self._under_way) < self._at_once:
            self._starting = True  # whoever comes until the task runs goes along
            self._under_way.add(asyncio.create_task(self._work()))
        return await answer

    async def _work(self) -> None:
        self._starting = False
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._answer(batch)
        finally:
            self._under_way.discard(asyncio.current_task())

    async def _answer(self, batch: Sequence[tuple[Question, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._ask([question for question, _ in batch])
            answered = list(zip(batch, answers, strict=True))
        except Exception as error:
            for _, waiting in batch:
                if not waiting.done():
                    waiting.set_exception(error)
            return
        for (_, waiting), answer in answered:
            if not waiting.done():  # its caller may have gone away
                waiting.set_result(answer)
