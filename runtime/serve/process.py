"""One API process: uvicorn's server, which leaves in order and looks after its connections."""

import asyncio
import multiprocessing
import signal
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from math import ceil
from types import FrameType

import structlog
import uvicorn
from starlette.types import ASGIApp

from runtime.serve.protocol import BoundedProtocol, Limits, Traffic
from runtime.serve.supervisor import GRACE_SECONDS
from runtime.settings import Settings
from runtime.web.lifecycle import Lifecycle, Phase

# After their cancellation, requests may still take something back and answer that they were refused.
CANCEL_SECONDS = 1.0
PARTING_SECONDS = 0.5
TICK_SECONDS = 0.05

logger = structlog.get_logger(__name__)


class ApiServer(uvicorn.Server):
    """At SIGINT or SIGTERM it is unready for the drain time, then refuses what is new until all that runs is answered,
    then stops listening. At a second signal it ends at once.
    """

    def __init__(
        self,
        app: ASGIApp,
        lifecycle: Lifecycle,
        settings: Settings,
        limits: Limits | None = None,
        ready: Callable[[], None] = lambda: None,
    ) -> None:
        """``ready`` is called once, when it listens."""
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            http=BoundedProtocol,
            ws="none",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
        )
        super().__init__(config)
        self._drain_seconds = settings.drain_time
        parting = min(PARTING_SECONDS, self._drain_seconds)
        self.server_state = self._traffic = Traffic(
            lifecycle, limits or Limits(), parting, settings.max_client_connections, settings.trusted_proxies
        )
        self._lifecycle = lifecycle
        self._ready = ready
        lifecycle.running = self._traffic.tasks

    def handle_exit(self, sig: int, _frame: FrameType | None) -> None:
        if sig == signal.SIGINT and multiprocessing.parent_process() is not None:
            return  # a terminal tells the whole family; our parent says what follows
        self.force_exit = self.should_exit
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def on_tick(self, counter: int) -> bool:
        now = asyncio.get_running_loop().time()
        for connection in self._connections():
            connection.check(now)
        return await super().on_tick(counter)

    def _connections(self) -> list[BoundedProtocol]:
        return [one for one in self._traffic.connections if isinstance(one, BoundedProtocol)]

    async def main_loop(self) -> None:
        await super().main_loop()
        logger.info("server.leaving", drain_seconds=self._drain_seconds)
        self._lifecycle.phase = Phase.LEAVING
        for connection in self._connections():
            connection.leave()
        await self._pass(self._drain_seconds, lambda: False)
        self._lifecycle.refuse()
        began = asyncio.get_running_loop().time()
        await self._finish()
        taken = asyncio.get_running_loop().time() - began
        self.config.timeout_graceful_shutdown = max(1, ceil(GRACE_SECONDS - taken))

    async def _finish(self) -> None:
        """Answer what runs, or tell it that it is too late."""
        running = set(self.server_state.tasks)
        await self._pass(GRACE_SECONDS, lambda: all(task.done() for task in running))
        late = [task for task in running if not task.done()]
        for task in late:
            task.cancel()
        if late:
            logger.warning("server.cancelled", requests=len(late))
            await asyncio.wait(late, timeout=CANCEL_SECONDS)

    async def _pass(self, seconds: float, done: Callable[[], bool]) -> None:
        """Let time pass; connections are looked after meanwhile."""
        loop = asyncio.get_running_loop()
        counter, deadline = 0, loop.time() + seconds
        while not (done() or self.force_exit or loop.time() >= deadline):
            await asyncio.sleep(TICK_SECONDS)
            counter += 1
            await self.on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        listening = [one for server in self.servers for one in server.sockets]
        accepted = [] if self.force_exit else _let_in(listening)
        for closing in (*self.servers, *(sockets or ())):
            closing.close()
        for one in accepted:
            await asyncio.get_running_loop().connect_accepted_socket(self._connection, one)
        if not self.force_exit:
            await super().shutdown(sockets)
        if self.force_exit:  # which uvicorn takes for a reason to leave the application open
            with suppress(TimeoutError):
                await asyncio.wait_for(self.lifespan.shutdown(), CANCEL_SECONDS)

    def _connection(self) -> asyncio.Protocol:
        return BoundedProtocol(self.config, self._traffic, self.lifespan.state)


def _let_in(listening: Iterable[socket.socket]) -> list[socket.socket]:
    """Connections that the system has made in our name already; closing would reset them, whatever they sent."""
    accepted = []
    for one in listening:
        with socket.fromfd(one.fileno(), one.family, one.type) as own, suppress(OSError):
            own.setblocking(False)
            while True:
                connection, _ = own.accept()
                connection.setblocking(False)
                accepted.append(connection)
    return accepted
