"""Several API processes that accept from one socket."""

import multiprocessing
import signal
import socket
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

import structlog
from uvicorn.config import STARTUP_FAILURE

GRACE_SECONDS = 20
"""In which a process that ends may finish what it has begun."""
LOOK_SECONDS = 0.2
RESTART_SECONDS = 1.0
HURRY_SECONDS = 3.0

logger = structlog.get_logger(__name__)


class Supervisor:
    """Keeps them alive until SIGINT or SIGTERM, then lets them end in order; at a second signal at once.

    ``target`` is what each runs, given the socket; ``patience``: seconds in which they must have ended.
    """

    def __init__(
        self, target: Callable[[socket.socket], None], count: int, listening: socket.socket, patience: float
    ) -> None:
        self._target = target
        self._listening = listening
        self._patience = patience
        self._signals = 0
        self._context = multiprocessing.get_context("spawn")
        self._processes: list[BaseProcess] = []
        self._count = count

    def run(self) -> bool:
        """Whether they ended in order. Raises SystemExit when one cannot start."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._heed)
        try:
            self._processes += [self._started() for _ in range(self._count)]
            while not self._signals:
                wait([process.sentinel for process in self._processes], LOOK_SECONDS)
                self._replace_dead()
        finally:
            self._end()
        return self._signals < 2

    def _heed(self, *_: object) -> None:
        self._signals += 1

    def _started(self) -> BaseProcess:
        process = self._context.Process(target=self._target, args=(self._listening,))
        process.start()
        return process

    def _replace_dead(self) -> None:
        for index, process in enumerate(self._processes):
            if process.is_alive() or self._signals:
                continue
            if process.exitcode == STARTUP_FAILURE:  # so would its successor
                sys.exit(STARTUP_FAILURE)
            logger.warning("api.restarting", code=process.exitcode)
            time.sleep(RESTART_SECONDS)
            self._processes[index] = self._started()

    def _end(self) -> None:
        self._tell()
        self._listening.close()  # while it is open here, callers would be let in whom nobody answers
        deadline, hurried = time.monotonic() + self._patience, False
        while alive := [process for process in self._processes if process.is_alive()]:
            if self._signals > 1 and not hurried:
                self._tell()
                deadline, hurried = time.monotonic() + HURRY_SECONDS, True
            if time.monotonic() > deadline:
                for process in alive:
                    process.kill()
            wait([process.sentinel for process in alive], LOOK_SECONDS)

    def _tell(self) -> None:
        for process in self._processes:
            process.terminate()
