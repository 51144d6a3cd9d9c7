"""``biore serve``: the parent that owns the embedded database and the worker, and the API processes."""

import asyncio
import ctypes
import errno
import gc
import logging
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog
import uvicorn
from uvicorn.config import STARTUP_FAILURE

from domain.hosts import is_loopback_address
from runtime.compose import Parts, build_parts
from runtime.observe import log, shared_counters
from runtime.serve import embedded
from runtime.serve.ownership import has_no_owner
from runtime.serve.supervisor import GRACE_SECONDS, Supervisor
from runtime.settings import PREFIX, InvalidSettings, Settings, load

if TYPE_CHECKING:
    from runtime.observe.metrics import Metrics
    from runtime.web.app import Application
    from runtime.worker.worker import Worker

# Beyond drain and grace, for what a process does after its last answer.
PATIENCE_SECONDS = 10
# The portal is built when nobody else wants the processor.
LAST = 19
FILES_OF_EACH = 2
OTHER_FILES = 256
RESTART_SECONDS = 1.0
PARENT_SECONDS = 1.0
# Each request leaves a few objects that refer to each other. With Python's own thresholds all that was kept in memory
# was looked through for them every two seconds, while everybody waited (gc.set_threshold).
COLLECTED_AFTER = 5_000, 10, 50

logger = structlog.get_logger(__name__)


class Told(Protocol):
    """Somebody who waits for the start."""

    def stage(self, words: str) -> None:
        """What begins now."""

    def ready(
        self, settings: Settings, *, with_worker: bool, unowned: bool, examples: Sequence[str] = (), api: str = ""
    ) -> None:
        """It listens; ``api`` is the path that the API is below, where this process knows it.

        ``unowned``: the staff has no owner yet. ``examples``: the areas that have example content.
        """


class Untold:
    """Nobody waits: what is to be known stands in the log."""

    def stage(self, words: str) -> None:
        pass

    def ready(
        self, settings: Settings, *, with_worker: bool, unowned: bool, examples: Sequence[str] = (), api: str = ""
    ) -> None:
        if unowned:
            logger.warning("server.no_owner", remedy="biore admin create EMAIL")


def serve(settings: Settings, *, workers: int, with_worker: bool, exposed: bool, told: Told) -> None:
    """Until SIGINT or SIGTERM: then the API ends, the worker after it, the database last. A second signal makes them
    hurry. Raises InvalidSettings.
    """
    if workers > 1 and settings.redis_url is None:
        raise InvalidSettings(f"{workers} processes need {PREFIX}REDIS_URL, or each would have rate limits of its own")
    if settings.development and not is_loopback_address(settings.host) and not exposed:
        raise InvalidSettings(f"development listens on loopback only; --expose if {settings.host} is what you want")
    require_free(settings.host, settings.port)
    os.umask(embedded.PRIVATE)
    signal.signal(signal.SIGTERM, _exit)  # so that the blocks below are left in order
    hurry = threading.Event()
    with ExitStack() as stack:
        url, examples = settings.database_url, list[str]()
        if url is None:
            from persistence.migrate import upgrade  # slow to import
            from runtime.serve.texts import take_in_texts

            told.stage(f"Starting PostgreSQL in {settings.data_dir / 'postgres'}")
            url = stack.enter_context(embedded.running(settings.data_dir))
            stack.enter_context(embedded.announced(settings.data_dir, settings.host, settings.port))
            told.stage("Migrating the database")
            upgrade(url)
            take_in_texts(url)
            examples = _examples(url, settings)
        processes = max(settings.processes, workers)
        shared = stack.enter_context(metrics_folder(settings))
        os.environ.update(_environment(replace(settings, database_url=url, processes=processes, metrics_dir=shared)))
        if with_worker:
            stack.enter_context(_worker_process(hurry))
        if settings.development and settings.portal_dir is None:
            stack.enter_context(_portal_process(settings))
        told.stage("Reading the contract" if workers == 1 else f"Starting {workers} API processes")
        unowned = settings.admin and has_no_owner(url)
        ready = partial(told.ready, settings, with_worker=with_worker, unowned=unowned, examples=examples)
        in_order = _serve_alone(ready=ready) if workers == 1 else _serve_together(settings, workers, ready)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: hurry.set())
        if not in_order:
            hurry.set()


def _examples(url: str, settings: Settings) -> list[str]:
    """The areas that have example content, which only development has."""
    if not (settings.development and settings.demo):
        return []
    from runtime.serve.examples import examples  # slow to import

    return examples(url, settings)


def require_free(host: str, port: int) -> None:
    """Before anything is started: nobody else may listen there. Raises InvalidSettings."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in found:
            with socket.create_server(address[:2], family=family):
                pass
    except UnicodeError:
        raise InvalidSettings(f"cannot listen on {host}: it is no host name") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            remedy = f"choose another one with --port or {PREFIX}PORT, or stop what listens there"
            raise InvalidSettings(f"port {port} of {host} is in use: {remedy}") from None
        if isinstance(error, (socket.gaierror, PermissionError)):
            raise InvalidSettings(f"cannot listen on {host}, port {port}: {error.strerror}") from None


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
        shared_counters.forget(settings.metrics_dir or own)
    except OSError as error:
        if settings.metrics_dir is not None:
            raise InvalidSettings(f"{PREFIX}METRICS_DIR: {error}") from None
        with tempfile.TemporaryDirectory(prefix="biore-metrics-") as folder:
            yield Path(folder)
        return
    yield settings.metrics_dir or own


class Ready(Protocol):
    def __call__(self, *, api: str = "") -> None:
        """As that of ``Told``."""


def _nothing(*, api: str = "") -> None:
    pass


def _serve_alone(listening: socket.socket | None = None, ready: Ready = _nothing) -> bool:
    """One API process, from the environment. Whether it ended in order. Raises SystemExit when it cannot start."""
    from runtime.web.app import Application  # slow to import, and of no use to the parent and the worker

    settings = load()
    configure_log(settings)
    return serve_application(Application(settings, settings.database_url or ""), settings, listening, ready)


def serve_application(
    application: "Application",
    settings: Settings,
    listening: socket.socket | None = None,
    ready: Ready = _nothing,
) -> bool:
    """Until a signal; ``ready`` is called when it listens. Whether it ended in order. Raises SystemExit when it cannot
    start.
    """
    from runtime.serve.process import ApiServer  # slow to import, as the application is

    application.lifecycle.most = _room_for(settings.max_connections)
    gc.collect()
    _give_back_memory()
    gc.freeze()  # what was made so far stays for good; to look through it again and again stops everybody meanwhile
    gc.set_threshold(*COLLECTED_AFTER)
    begun = partial(ready, api=application.parts.contract.base_path)
    server = ApiServer(application.asgi, application.lifecycle, settings, ready=begun)
    server.run(None if listening is None else [listening])
    if not server.started:
        sys.exit(STARTUP_FAILURE)
    return not server.force_exit


def configure_log(settings: Settings) -> None:
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    log.configure(readable=settings.development, level=level, traced=settings.otlp_endpoint is not None)


def _give_back_memory() -> None:
    """To read and compile the contract takes more than to serve it, and glibc would keep what was freed."""
    with suppress(OSError, AttributeError, TypeError):  # where there is another C library
        ctypes.CDLL(None).malloc_trim(0)


def _room_for(connections: int) -> int:
    """How many of the connections the system has files for: each may be one and give another away.

    Often fewer are allowed than whoever asks for more may have. Raises InvalidSettings where none has room.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return connections
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_OF_EACH * connections + OTHER_FILES
    if most != resource.RLIM_INFINITY and most < wanted:
        connections, wanted = (most - OTHER_FILES) // FILES_OF_EACH, most
        if connections < 1:
            raise InvalidSettings(
                f"{most} open files are allowed, and {OTHER_FILES + FILES_OF_EACH} needed: ulimit -Hn"
            )
        logger.warning("server.fewer_connections", connections=connections, files=most)
    if resource.RLIM_INFINITY != allowed < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    return connections


def _serve_together(settings: Settings, count: int, ready: Ready) -> bool:
    """``ready`` is called when the first of them listens."""
    listening = uvicorn.Config("", host=settings.host, port=settings.port, log_config=None).bind_socket()
    patience = settings.drain_time + GRACE_SECONDS + PATIENCE_SECONDS
    one_listens = multiprocessing.get_context("spawn").Event()
    threading.Thread(target=_tell_after, args=(one_listens, ready), name="ready-watch", daemon=True).start()
    return Supervisor(partial(_serve_one_of_many, one_listens=one_listens), count, listening, patience).run()


def _tell_after(event: Event, ready: Ready) -> None:
    event.wait()
    ready()


def _serve_one_of_many(listening: socket.socket, one_listens: Event) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells the whole family; our parent says what follows
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), name="parent-watch", daemon=True).start()
    _serve_alone(listening, lambda *, api="": one_listens.set())


def _end_after(parent: BaseProcess) -> None:
    """API processes would outlive a parent that was killed, and keep the port."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _worker_process(hurry: threading.Event) -> Iterator[None]:
    """A worker process, started again if it ends by itself. It may finish what runs, unless there is ``hurry``."""
    stopping = threading.Event()
    watcher = threading.Thread(target=_keep_worker, args=(stopping, hurry), name="worker-watch")
    watcher.start()
    try:
        yield
    finally:
        stopping.set()
        watcher.join()


def _keep_worker(stopping: threading.Event, hurry: threading.Event) -> None:
    while not stopping.is_set():
        process = _command("worker", "--with-parent", str(os.getpid()))
        while process.poll() is None and not stopping.wait(0.2):
            pass
        if not stopping.is_set():
            logger.warning("worker.restarting", code=process.returncode)
            stopping.wait(RESTART_SECONDS)
    process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    while process.poll() is None and not hurry.wait(0.05) and time.monotonic() < deadline:
        pass
    process.kill()  # which a process that has ended does not hear
    process.wait()


@contextmanager
def _portal_process(settings: Settings) -> Iterator[None]:
    """The portal, built again if it is stale, in a process that everything else goes before."""
    process = _command("portal", "build", "--if-stale", "--beside", "--out", str(settings.portal_folder))
    with suppress(AttributeError, OSError):  # Windows has no such thing, and it may have ended
        os.setpriority(os.PRIO_PROCESS, process.pid, LAST)
    with suppress(AttributeError, OSError):  # only Linux has it; what it starts stays there, too
        os.sched_setaffinity(process.pid, {max(os.sched_getaffinity(process.pid))})
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _command(*arguments: str) -> subprocess.Popen[bytes]:
    """A command of ours below this process, in a group of its own, so that Ctrl-C reaches the parent alone."""
    return subprocess.Popen([sys.executable, "-m", "runtime.cli", *arguments], process_group=0)


Place = tuple[str, int]


def work(settings: Settings, url: str, lease: timedelta, *, parent: int | None, metrics_at: Place | None) -> None:
    """Run a worker until SIGINT or SIGTERM; a second one ends it at once, and its jobs are left to the next.

    With ``parent`` also until that process, the one above us, is gone. ``metrics_at`` is host and port of its own
    ``/metrics``.
    """
    os.umask(embedded.PRIVATE)
    configure_log(settings)
    asyncio.run(_work(settings, url, lease, parent, metrics_at))


async def _work(settings: Settings, url: str, lease: timedelta, parent: int | None, metrics_at: Place | None) -> None:
    from runtime.observe.metrics import (  # slow to import, and of no use to the commands
        Metrics,
        pool_gauges,
        publishing,
    )
    from runtime.worker.worker import Worker

    metrics = Metrics("worker", settings.metrics_dir)
    parts = build_parts(settings, url, "worker", observe=metrics.attempt)
    metrics.watch(lambda: pool_gauges(parts.database.pool))
    parts.config.reach.quiet = parent is not None  # which tells of the database that both use
    worker = Worker(parts, lease, metrics.job)
    running = asyncio.create_task(worker.run())
    watching = asyncio.create_task(_follow(parent, worker)) if parent else None
    _heed_signals(worker, running)
    try:
        async with publishing(metrics), _scraped(metrics, parts, metrics_at):
            with suppress(asyncio.CancelledError):
                await running
    finally:
        if watching is not None:
            watching.cancel()
        await parts.close()


def _heed_signals(worker: "Worker", running: asyncio.Task[None]) -> None:
    def heed() -> None:
        if worker.stopping:
            running.cancel()
        worker.stop()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, heed)


@asynccontextmanager
async def _scraped(metrics: "Metrics", parts: Parts, place: Place | None) -> AsyncIterator[None]:
    """A port of its own for a worker that stands alone."""
    if place is None:
        yield
        return
    from runtime.serve.metrics_port import serving
    from runtime.web.scrape import Scrape

    scrape = Scrape(metrics, parts.database, parts.settings)
    async with serving(scrape, parts.contract.errors, parts.settings, *place):
        yield


async def _follow(parent: int, worker: "Worker") -> None:
    while os.getppid() == parent:  # noqa: ASYNC110 - the system tells nobody
        await asyncio.sleep(PARENT_SECONDS)
    worker.stop()


def beside(settings: Settings) -> Settings:
    """Settings for a command, with the host and port of the running server, so that its links lead there."""
    address = embedded.recorded_address(settings.data_dir) if settings.embedded else None
    return settings if address is None else replace(settings, host=address[0], port=address[1])


def database_url(settings: Settings) -> str:
    """The database that a command speaks to: the configured one, or the embedded one of a running server."""
    url = settings.database_url or embedded.recorded_url(settings.data_dir)
    if url is None:
        raise InvalidSettings(f"no database: set {PREFIX}DATABASE_URL, or start `biore serve` first")
    return url
