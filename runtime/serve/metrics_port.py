"""``/metrics`` on a port of its own, for a process that serves nothing else."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

from runtime.serve.process import ApiServer
from runtime.serve.protocol import Limits
from runtime.settings import InvalidSettings, Settings
from runtime.web.lifecycle import Lifecycle
from runtime.web.scrape import MetricsApp, Scrape

MOST_CONNECTIONS = 32
MOST_OF_A_NETWORK = 8
# Whoever scrapes has short heads and no body.
LIMITS = Limits(head_bytes=16 * 1024, body_seconds=5, body_bytes=16 * 1024, file_bytes=16 * 1024, pipelined=4)


class MetricsServer(ApiServer):
    """Within bounds like those of the API. Signals are for the one whom this server is beside."""

    def __init__(self, app: MetricsApp, lifecycle: Lifecycle, settings: Settings, limits: Limits) -> None:
        super().__init__(app, lifecycle, settings, limits)
        self.config.lifespan = "off"

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(
    scrape: Scrape,
    catalogue: Mapping[str, Mapping[str, Any]],
    settings: Settings,
    host: str,
    port: int,
    limits: Limits = LIMITS,
) -> AsyncIterator[None]:
    """While the block runs. ``catalogue`` is the contract's, of error codes. Raises InvalidSettings for a port that is
    taken.
    """
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise InvalidSettings(f"/metrics cannot listen on {host} port {port}: {error}") from None
    own = replace(
        settings,
        host=host,
        port=port,
        drain_seconds=0,
        max_client_connections=MOST_OF_A_NETWORK,
        trusted_proxies=(),
    )
    lifecycle = Lifecycle(MOST_CONNECTIONS)
    server = MetricsServer(MetricsApp(scrape, catalogue, lifecycle), lifecycle, own, limits)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield
    finally:
        server.should_exit = True
        await task
