"""The stand that everything is measured on: real processes, each kept on the cores that are meant for it.

The measured server has the first core for itself; PostgreSQL, Redis and the load generator share the last one.
"""

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import httpx
import psutil  # type: ignore[import-untyped]
import psycopg
from psycopg import sql

from persistence.migrate import upgrade
from runtime.serve.embedded import EmbeddedPostgres
from tests.processes.biore import GRACE, Deployment, Process, until
from tests.providers.servers import closed_port
from tests.redis_server import RedisServer

ROOT = Path(__file__).resolve().parent.parent
PEERS_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
PEER_OPTIONS = (
    *("--loop", "uvloop", "--http", "httptools", "--ws", "none", "--log-level", "warning"),
    *("--no-access-log", "--no-server-header", "--no-proxy-headers"),
)
SAME_AS_OURS = ("uvicorn", "uvloop", "httptools")
VERSIONS = "import json, platform, importlib.metadata as m; print(json.dumps({'python': platform.python_version()} | {d.name.lower(): d.version for d in m.distributions()}))"  # noqa: E501

Cores = Iterable[int]


class Served:
    """A server that runs, with everything that it started."""

    def __init__(self, origin: str, pid: int) -> None:
        self.origin = origin
        self.pid = pid

    @property
    def processes(self) -> list[psutil.Process]:
        parent = psutil.Process(self.pid)
        return [parent, *parent.children(recursive=True)]

    def rss(self) -> int:
        """Bytes in memory, what processes share counted in each of them."""
        return sum(process.memory_info().rss for process in self.processes)

    def uss(self) -> int:
        """Bytes that would be free again if it ended."""
        return sum(process.memory_full_info().uss for process in self.processes)

    def cpu_seconds(self) -> float:
        """Time on processors until now."""
        return sum(sum(process.cpu_times()[:2]) for process in self.processes)


class Ours(Served):
    """``biore serve``. ``deployment`` starts other commands on the same database and settings."""

    def __init__(self, deployment: Deployment, process: Process) -> None:
        super().__init__(deployment.origin, process.pid)
        self.deployment = deployment
        self.process = process

    @property
    def log(self) -> str:
        return self.process.output


class Stand:
    """``with Stand(folder) as stand:``; keep the path short, Unix sockets allow no long ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._allowed = sorted(os.sched_getaffinity(0))
        self.server_cores: Cores = {self._allowed[0]}
        self.other_cores: Cores = {self._allowed[-1]}
        self.all_cores: Cores = set(self._allowed)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        os.sched_setaffinity(0, self.other_cores)  # and so is whatever this process starts
        self._stack.callback(os.sched_setaffinity, 0, self.all_cores)
        self.postgres = EmbeddedPostgres(self._made("pg"))
        self._stack.callback(self.postgres.stop)
        self._admin_url = self.postgres.start()
        upgrade(self._admin_url)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _made(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir()
        return folder

    @cached_property
    def redis(self) -> RedisServer:
        return self._stack.enter_context(RedisServer(self._made("redis")))

    @cached_property
    def postgres_version(self) -> str:
        with psycopg.connect(self._admin_url) as connection:
            return str(connection.info.parameter_status("server_version"))

    def database(self, *, empty: bool = False) -> str:
        """The URL of a new database with all of our tables, or none."""
        name = f"b_{uuid4().hex}"
        query = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        template = "template1" if empty else "biore"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(query.format(sql.Identifier(name), sql.Identifier(template)))
        return self._url(name)

    def drop(self, url: str) -> None:
        """A database that nobody needs any more."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            name = sql.Identifier(str(psycopg.conninfo.conninfo_to_dict(url)["dbname"]))
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    def _url(self, database: str) -> str:
        return self._admin_url.replace("/biore?", f"/{database}?")

    def pin_postgres(self, cores: Cores) -> None:
        """Move PostgreSQL and its present and future backends to other cores."""
        postmaster = psutil.Process(self.postgres.pid)
        for process in [postmaster, *postmaster.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):  # a connection was closed meanwhile
                pin(process.pid, cores)

    @contextmanager
    def unpinned(self) -> Iterator[None]:
        """This process, and what it starts in the block, may use every core."""
        os.sched_setaffinity(0, self.all_cores)
        try:
            yield
        finally:
            os.sched_setaffinity(0, self.other_cores)

    @contextmanager
    def ours(
        self, database_url: str, *options: str, cores: Cores | None = None, with_worker: bool = False, **settings: str
    ) -> Iterator[Ours]:
        """``biore serve`` of production. ``settings`` are those of the environment; its log goes to a file."""
        own = {"env": "production", "database_url": database_url, "cookie_domain": "example.com"} | settings
        with Deployment(self._made(uuid4().hex[:8]), **own) as deployment:
            process = deployment.start("serve", *options, *(() if with_worker else ("--no-worker",)))
            pin(process.pid, self.server_cores if cores is None else cores)
            deployment.wait_ready(process)
            yield Ours(deployment, process)

    @contextmanager
    def peer(
        self, name: str, path: str, environment: Mapping[str, str], cores: Cores | None = None
    ) -> Iterator[Served]:
        """``benchmarks/peers/<name>.py`` under uvicorn, once it answers a GET of ``path`` with 200."""
        port = closed_port()
        with (self.folder / f"{name}-{port}.log").open("wb") as log:
            process = subprocess.Popen(
                [PEERS_PYTHON, "-m", "uvicorn", f"benchmarks.peers.{name}:app", "--port", str(port), *PEER_OPTIONS],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=os.environ | environment,
            )
        try:
            pin(process.pid, self.server_cores if cores is None else cores)
            served = Served(f"http://127.0.0.1:{port}", process.pid)
            until(lambda: process.poll() is not None or answers(served.origin + path), f"{name} answers")
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended: {Path(log.name).read_text()[-4000:]}")
            yield served
        finally:
            process.terminate()
            process.wait(GRACE)


def pin(pid: int, cores: Cores) -> None:
    """Keep a process on these cores, and what it starts from now on."""
    for thread in psutil.Process(pid).threads():
        os.sched_setaffinity(thread.id, cores)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def peer_versions() -> Mapping[str, str]:
    """What the rivals run on, which must be what we run on as far as the server goes. Raises RuntimeError."""
    if not PEERS_PYTHON.exists():
        raise RuntimeError(f"the rivals are not installed in {PEERS_PYTHON.parent.parent}; `make bench` does it")
    theirs, ours = versions_in(PEERS_PYTHON), our_versions()
    different = [name for name in ("python", *SAME_AS_OURS) if theirs.get(name) != ours.get(name)]
    if different:
        raise RuntimeError(f"the rivals run on other versions of {different}: remove {PEERS_PYTHON.parent.parent}")
    return theirs


def our_versions() -> Mapping[str, str]:
    return versions_in(ROOT / ".venv" / "bin" / "python")


def versions_in(python: Path) -> Mapping[str, str]:
    """Of Python and of every package, by lower-case name."""
    found: dict[str, str] = json.loads(subprocess.check_output([python, "-c", VERSIONS]))
    return found
