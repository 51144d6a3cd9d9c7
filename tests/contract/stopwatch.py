"""How long a request keeps the event loop: processor time between two awaits, whatever else the machine does."""

import time
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import partial
from typing import Any

from starlette.types import Receive, Scope, Send


class _Steps:
    """Awaits a coroutine and tells how long each of its steps took."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], note: Callable[[float], None]) -> None:
        self._coroutine = coroutine
        self._note = note

    def __await__(self) -> Generator[Any, Any, None]:
        step: Callable[[], Any] = partial(self._coroutine.send, None)
        while True:
            began = time.thread_time()
            try:
                awaited = step()
            except StopIteration:
                return
            finally:
                self._note(time.thread_time() - began)
            try:
                step = partial(self._coroutine.send, (yield awaited))
            except BaseException as error:
                step = partial(self._coroutine.throw, error)


class Stopwatch:
    """An application that notes for how long it kept the event loop at most."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._app: Any = app
        self.longest = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _Steps(self._app(scope, receive, send), self._note)

    def _note(self, seconds: float) -> None:
        self.longest = max(self.longest, seconds)
