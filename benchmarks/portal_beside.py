"""Does anybody notice that a server builds its portal? p99 of `GET /auth/me` meanwhile, beside that of an idle machine.

``python -m benchmarks.portal_beside`` starts a ``biore serve`` of development without a portal, which makes one by
itself. Its command, environment and priority are read from the running process and used again for as many builds as a
round lasts, each into a new folder, because one is over too soon to measure beside. Nothing is kept on cores of its
own. It prints one table, writes ``benchmarks/results/portal_beside.md`` and ``.json``, and ends with 1 when the target
is not met. It needs wrk and an idle machine; ``--rounds 1`` proves that it works.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from benchmarks.load import Request, Script
from benchmarks.passwords import unpinned
from benchmarks.people import access_tokens, configure, settle
from benchmarks.report import Report, Row, compared, machine, ratio_at_most, row
from benchmarks.stand import Stand
from tests.processes.biore import Deployment, Process, until

NAME = "portal_beside"
RESULTS = Path(__file__).parent / "results"
ROUNDS, SECONDS, WARM_UP = 5, 5, 2
ACCOUNTS, SESSIONS = 10_000, 500
FACTOR = 1.5
WIDE = "999999/minute"
ME = "/api/v1/auth/me"
PORTAL_WORDS = {"portal", "build"}
OUT = "--out"


@dataclass(frozen=True)
class Command:
    """A process as it ran: what its niceness and the scheduler's policy were, too."""

    words: Sequence[str]
    environment: Mapping[str, str]
    nice: int
    policy: int

    @classmethod
    def of(cls, process: psutil.Process) -> "Command":
        return cls(process.cmdline(), process.environ(), process.nice(), os.sched_getscheduler(process.pid))

    def start(self, out: Path) -> "subprocess.Popen[bytes]":
        """The same, into another folder."""
        words = list(self.words)
        words[words.index(OUT) + 1] = str(out)
        process = subprocess.Popen(words, env=self.environment, stdout=subprocess.DEVNULL)
        os.sched_setscheduler(process.pid, self.policy, os.sched_param(0))
        os.setpriority(os.PRIO_PROCESS, process.pid, self.nice)
        return process


def own_build(server: Process) -> Command:
    """What the server started; it goes first of all, and gets its priority a moment later."""

    def look() -> Command | None:
        for child in psutil.Process(server.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if set(child.cmdline()) >= PORTAL_WORDS and _comes_last(child):
                    return Command.of(child)
        return None

    command = until(look, "the build of the server's portal")
    assert command is not None
    return command


def _comes_last(process: psutil.Process) -> bool:
    return process.nice() > os.nice(0) or os.sched_getscheduler(process.pid) != os.SCHED_OTHER


@contextmanager
def building(command: Command, folder: Path, builds: list[float]) -> Iterator[None]:
    """One build after the other as long as the block; ``builds`` gets the seconds of each that came to its end."""
    stopping = threading.Event()

    def work() -> None:
        for number in count():
            began, out = time.perf_counter(), folder / f"built-{len(builds)}-{number}"
            process = command.start(out)
            while process.poll() is None and not stopping.wait(0.05):
                pass
            if stopping.is_set():
                process.terminate()
                process.wait()
                return
            assert process.returncode == 0, f"the build ended with {process.returncode}"
            builds.append(time.perf_counter() - began)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
        assert thread.is_alive(), "the builds came to an end"
    finally:
        stopping.set()
        thread.join()


def measure(stand: Stand, rounds: int) -> Iterator[Row]:
    database_url = stand.database()
    settle(database_url, ACCOUNTS)
    configure(database_url, ratelimit__auth__me=WIDE)
    folder = stand.folder / "beside"
    folder.mkdir()
    idle, beside, builds = [], [], list[float]()
    with unpinned(stand), Deployment(folder, database_url=database_url, portal_dir="") as deployment:
        server = deployment.start("serve", "--no-worker")
        command = own_build(server)
        deployment.wait_ready(server)
        until(lambda: deployment.status("/docs") == 200, "the server's own portal", 180)
        requests = [Request.bearer(ME, token) for token in access_tokens(database_url, SESSIONS)]
        with Script(deployment.origin, requests) as script:
            script.run(WARM_UP)
            for _ in range(rounds):
                idle.append(script.run(SECONDS).p99)
                with building(command, folder, builds):
                    script.run(WARM_UP)
                    beside.append(script.run(SECONDS).p99)
    subject = f"GET {ME}, 16 connections, {SESSIONS} sessions"
    yield row(NAME, f"{subject}, nothing is built", "p99", idle, "ms")
    base = row(NAME, f"{subject}, the portal is built, niceness {command.nice}", "p99", beside, "ms")
    yield compared(base, beside, "while nothing is built", idle, ratio_at_most(FACTOR))
    yield Row(NAME, "builds that came to their end meanwhile", "builds", len(builds))


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.portal_beside", description="p99 beside a build.")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="(default: %(default)s)")
    rounds = parser.parse_args(arguments).rounds
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, Stand(Path(folder)) as stand:
        report = Report(machine(), list(measure(stand, rounds)), {})
    print(report.markdown())
    if rounds >= ROUNDS:
        report.write(RESULTS, NAME)
    return 0 if report.good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
