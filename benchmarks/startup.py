"""What a process costs before it does anything: time until it answers, memory, the size of what is installed."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.load import Request
from benchmarks.load import measure as load
from benchmarks.people import access_tokens, configure, settle
from benchmarks.report import Row, at_most, compared, row
from benchmarks.stand import ROOT, Served, Stand, pin
from benchmarks.synthetic import FOLDER, write_contract
from contract.loader import OPENAPI
from runtime.settings import PREFIX
from tests.processes.biore import COMMAND, GRACE, SECRET
from tests.providers.servers import closed_port

ROUNDS = 3
MANY, MEMORY_OPERATIONS = 500, 200
MEGABYTES = 120
PATIENCE = 60.0
POLL_SECONDS = 0.005
OURS = (*COMMAND, "serve", "--no-worker")
SYNTHETIC = ("-m", "benchmarks.synthetic")
ME = "/api/v1/auth/me"
NOT_INSTALLED = (".*", "build", "tests", "benchmarks", "*.egg-info", "__pycache__", "node_modules", "clients")


@dataclass(frozen=True)
class Start:
    """Seconds from the start of the process to its first good answers."""

    ready: float
    me: float


class Starter:
    """Starts servers of production on one database of one account."""

    def __init__(self, stand: Stand) -> None:
        self._stand = stand
        self._folder = stand.folder / "startup"
        self._folder.mkdir()
        self._database = stand.database()
        settle(self._database, 1)
        configure(self._database, ratelimit__auth__me="999999/minute")

    def contract(self, count: int) -> Path:
        return write_contract(self._folder / f"contract-{count}", count)

    @contextmanager
    def running(self, command: Sequence[str], contract: Path) -> Iterator[tuple[Served, Start]]:
        """A server of the contract, which the command may ignore, and how long it took to start."""
        (token,) = access_tokens(self._database, 1)
        port = closed_port()
        began = time.perf_counter()
        with (self._folder / f"{port}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=self._environment(port, contract),
            )
        try:
            pin(process.pid, self._stand.server_cores)
            served = Served(f"http://127.0.0.1:{port}", process.pid)
            ready = _until_good(process, served.origin + "/health/ready", {})
            me = _until_good(process, served.origin + ME, {"Authorization": f"Bearer {token}"})
            yield served, Start(ready - began, me - began)
        finally:
            process.terminate()
            process.wait(GRACE)

    def _environment(self, port: int, contract: Path) -> dict[str, str]:
        settings = {
            "env": "production",
            "database_url": self._database,
            "secret_key": SECRET,
            "data_dir": str(self._folder / "data"),
            "port": str(port),
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        return inherited | {PREFIX + name.upper(): value for name, value in settings.items()} | {FOLDER: str(contract)}

    def memory(self, python: Path, contract: Path, seconds: float) -> tuple[float, float]:
        """RSS and USS of the process in MB, after it answered at full speed."""
        with self.running((str(python), *SYNTHETIC), contract) as (served, _):
            load(served.origin, [Request.bearer(ME, token) for token in access_tokens(self._database, 1)], seconds)
            return served.rss() / 1e6, served.uss() / 1e6


def _until_good(process: "subprocess.Popen[bytes]", url: str, headers: dict[str, str]) -> float:
    """The time at which it answered 200."""
    deadline = time.perf_counter() + PATIENCE
    with httpx.Client(trust_env=False, verify=False, headers=headers) as client:  # noqa: S501 - no TLS, no certificates
        while time.perf_counter() < deadline and process.poll() is None:
            try:
                if client.get(url).status_code == 200:
                    return time.perf_counter()
            except httpx.TransportError:
                pass
            time.sleep(POLL_SECONDS)
    raise RuntimeError(f"{url} did not answer; the process ended with {process.poll()}")


def measure(stand: Stand, quick: bool) -> Iterator[Row]:
    starter = Starter(stand)
    few, many = OPENAPI, starter.contract(MANY)
    kinds = {
        "ours": (OURS, few),
        "today's": ((sys.executable, *SYNTHETIC), few),
        "many": ((sys.executable, *SYNTHETIC), many),
    }
    starts: dict[str, list[Start]] = {name: [] for name in kinds}
    for _ in range(1 if quick else ROUNDS):
        for name, (command, contract) in kinds.items():
            with starter.running(command, contract) as (_served, start):
                starts[name].append(start)
    what: dict[str, Callable[[Start], float]] = {"ready": lambda s: s.ready, "first auth.me": lambda s: s.me}
    for metric, of in what.items():
        seconds = {name: [of(start) for start in found] for name, found in starts.items()}
        yield row("startup", "biore serve", metric, seconds["ours"], "s")
        base = row("startup", f"contract of {MANY} operations", metric, seconds["many"], "s")
        yield compared(base, seconds["many"], "of the contract we have", seconds["today's"])
    python, folder = Path(sys.executable), stand.folder / "install"
    if not quick:
        yield from _installed(folder)
        # Without the tools of development, some of which libraries import where they are found.
        python = _python(folder)
    contract = starter.contract(MEMORY_OPERATIONS)
    rss, uss = starter.memory(python, contract, 1 if quick else 5)  # it hardly differs from process to process
    subject = f"API process, {MEMORY_OPERATIONS} operations"
    yield row("startup", subject, "resident memory", [rss], "MB", at_most(MEGABYTES))
    yield row("startup", subject, "memory of its own", [uss], "MB")


def _installed(folder: Path) -> Iterator[Row]:
    """What `pip install biore` takes, once, from whatever index and cache pip is set to."""
    shutil.copytree(ROOT, folder / "source", ignore=shutil.ignore_patterns(*NOT_INSTALLED))
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    pip = (_python(folder), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    before, began = _bytes(folder / "venv"), time.perf_counter()
    subprocess.run([*pip, folder / "source"], check=True, capture_output=True)
    seconds = time.perf_counter() - began
    yield row("startup", "pip install", "time", [seconds], "s")
    yield row("startup", "pip install", "size", [(_bytes(folder / "venv") - before) / 1e6], "MB")


def _python(folder: Path) -> Path:
    return folder / "venv" / "bin" / "python"


def _bytes(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
