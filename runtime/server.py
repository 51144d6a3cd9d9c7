"""``biore serve``: the parent that owns the embedded database and the worker, and the API processes."""

import asyncio
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
import uvicorn
from starlette.types import ASGIApp

from runtime import embedded, log, tally
from runtime.parts import Parts, build_parts
from runtime.settings import PREFIX, InvalidSettings, Settings, load
from runtime.worker import Worker

if TYPE_CHECKING:
    from runtime.metrics import Metrics

GRACE_SECONDS = 20
# A process that still imports is silent too: after 5 s uvicorn would kill it, on a busy machine again and again.
START_SECONDS = 30
RESTART_SECONDS = 1.0
PARENT_SECONDS = 1.0
LOOPBACK = ("127.0.0.1", "::1", "localhost")

logger = structlog.get_logger(__name__)


def serve(settings: Settings, *, workers: int, with_worker: bool, exposed: bool) -> None:
    """Until SIGINT or SIGTERM. Raises InvalidSettings."""
    if workers > 1 and settings.redis_url is None:
        raise InvalidSettings(f"{workers} processes need {PREFIX}REDIS_URL, or each would have rate limits of its own")
    if settings.development and settings.host not in LOOPBACK and not exposed:
        raise InvalidSettings(f"development listens on loopback only; --expose if {settings.host} is what you want")
    signal.signal(signal.SIGTERM, _exit)  # so that the blocks below are left in order
    with ExitStack() as stack:
        url = settings.database_url or stack.enter_context(embedded.running(settings.data_dir))
        if settings.embedded:
            from persistence.migrate import upgrade  # slow to import

            upgrade(url)
        processes = max(settings.processes, workers)
        shared = stack.enter_context(metrics_folder(settings))
        os.environ.update(_environment(replace(settings, database_url=url, processes=processes, metrics_dir=shared)))
        if with_worker:
            stack.enter_context(_worker_beside())
        if settings.development and settings.portal_dir is None:
            stack.enter_context(_portal_beside(settings))
        uvicorn.run(
            "runtime.server:api",
            factory=True,
            host=settings.host,
            port=settings.port,
            workers=workers,
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            ws="none",
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_worker_healthcheck=START_SECONDS,
        )


def _exit(*_: object) -> None:
    sys.exit(0)


def _environment(settings: Settings) -> dict[str, str]:
    """What the child processes must know beyond what they inherit."""
    return {
        f"{PREFIX}DATABASE_URL": settings.database_url or "",
        f"{PREFIX}SECRET_KEY": ",".join(settings.secrets),
        f"{PREFIX}PROCESSES": str(settings.processes),
        f"{PREFIX}HOST": settings.host,
        f"{PREFIX}PORT": str(settings.port),
        f"{PREFIX}METRICS_DIR": str(settings.metrics_dir),
    }


@contextmanager
def metrics_folder(settings: Settings) -> Iterator[Path]:
    """Where the processes of this server count together, without what those of its last run left.

    A node that has no data folder gets one that is gone with it. Raises InvalidSettings for a given one that cannot be.
    """
    own = settings.data_dir / "metrics" / f"{settings.host}-{settings.port}"
    try:
        tally.forget(settings.metrics_dir or own)
    except OSError as error:
        if settings.metrics_dir is not None:
            raise InvalidSettings(f"{PREFIX}METRICS_DIR: {error}") from None
        with tempfile.TemporaryDirectory(prefix="biore-metrics-") as folder:
            yield Path(folder)
        return
    yield settings.metrics_dir or own


def api() -> ASGIApp:
    """The application of one API process, from the environment."""
    from runtime.app import Application  # slow to import, and of no use to the parent and the worker

    settings = load()
    log.configure(readable=settings.development, traced=settings.otlp_endpoint is not None)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), name="parent-watch", daemon=True).start()
    asgi = Application(settings, settings.database_url or "").asgi
    gc.collect()
    gc.freeze()  # what was made so far stays for good; to look through it again and again stops everybody meanwhile
    return asgi


def _end_after(parent: BaseProcess) -> None:
    """uvicorn's processes would outlive a parent that was killed, and keep the port."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _worker_beside() -> Iterator[None]:
    """A worker process, started again if it ends by itself."""
    stopping = threading.Event()
    watcher = threading.Thread(target=_keep_worker, args=(stopping,), name="worker-watch")
    watcher.start()
    try:
        yield
    finally:
        stopping.set()
        watcher.join()


def _keep_worker(stopping: threading.Event) -> None:
    while not stopping.is_set():
        process = subprocess.Popen([sys.executable, "-m", "runtime.cli", "worker", "--with-parent", str(os.getpid())])
        while process.poll() is None and not stopping.wait(0.2):
            pass
        if not stopping.is_set():
            logger.warning("worker.restarting", code=process.returncode)
            stopping.wait(RESTART_SECONDS)
    process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _portal_beside(settings: Settings) -> Iterator[None]:
    """The portal, built again if it is stale, in a process that everything else goes before."""
    target = ("--out", str(settings.portal_folder), "--origin", settings.own_origin)
    process = subprocess.Popen(
        [sys.executable, "-m", "runtime.cli", "portal", "build", "--if-stale", "--beside", *target]
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


Place = tuple[str, int]


def work(settings: Settings, url: str, lease: timedelta, *, parent: int | None, metrics_at: Place | None) -> None:
    """Run a worker until SIGINT or SIGTERM; with ``parent`` also until that process, the one above us, is gone.

    ``metrics_at`` is host and port of its own ``/metrics``.
    """
    log.configure(readable=settings.development, traced=settings.otlp_endpoint is not None)
    asyncio.run(_work(settings, url, lease, parent, metrics_at))


async def _work(settings: Settings, url: str, lease: timedelta, parent: int | None, metrics_at: Place | None) -> None:
    from runtime.metrics import Metrics, pool_gauges, publishing  # slow to import, and of no use to the commands

    metrics = Metrics("worker", settings.metrics_dir)
    parts = build_parts(settings, url, "worker", observe=metrics.attempt)
    metrics.watch(lambda: pool_gauges(parts.database.engine))
    worker = Worker(parts, lease, metrics.job)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, worker.stop)
    watching = asyncio.create_task(_follow(parent, worker)) if parent else None
    try:
        async with publishing(metrics), _scraped(metrics, parts, metrics_at):
            await worker.run()
    finally:
        if watching is not None:
            watching.cancel()
        await parts.close()


@asynccontextmanager
async def _scraped(metrics: "Metrics", parts: Parts, place: Place | None) -> AsyncIterator[None]:
    """A port of its own for a worker that stands alone."""
    if place is None:
        yield
        return
    from runtime.scrape import Scrape, serving

    async with serving(Scrape(metrics, parts.database, parts.settings), *place):
        yield


async def _follow(parent: int, worker: Worker) -> None:
    while os.getppid() == parent:  # noqa: ASYNC110 - the system tells nobody
        await asyncio.sleep(PARENT_SECONDS)
    worker.stop()


def database_url(settings: Settings) -> str:
    """The database that a command speaks to: the configured one, or the embedded one of a running server."""
    url = settings.database_url or embedded.recorded_url(settings.data_dir)
    if url is None:
        raise InvalidSettings(f"no database: set {PREFIX}DATABASE_URL, or start `biore serve` first")
    return url
