"""Starts ``biore`` processes in milliseconds: one process imports what they need, and forks for each start.

To import it anew costs each of them a second of processor time. What runs is a process as any other: a pid, a session,
an environment, arguments and files of its own, real signals and a real exit code. It is forked before there is any
thread, event loop or connection, and ends as an interpreter ends.
"""

import gc
import json
import os
import runpy
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Self

MODULE = "runtime.cli"
NUMBER = struct.Struct("!i")
REPORT, INPUT, OUTPUT = range(3)


class Forked:
    """What ``subprocess.Popen`` tells of a process, of one that was forked elsewhere."""

    def __init__(self, report: socket.socket) -> None:
        self._report = report
        self._code: int | None = None
        self.pid = self._read()

    def _read(self) -> int:
        if len(told := self._report.recv(NUMBER.size)) != NUMBER.size:
            raise AssertionError("nobody tells of the process any more")
        return int(NUMBER.unpack(told)[0])

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        if self._code is None:
            self._report.settimeout(timeout)
            try:
                self._code = self._read()
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(MODULE, timeout or 0) from None
            self._report.close()
        return self._code

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it may have ended just now
                os.kill(self.pid, number)


class Zygote:
    """``with Zygote() as zygote:``; the process begins with the first that it is to fork."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._orders, self._theirs = socket.socketpair()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """What was forked goes on; the block that started it ends it."""
        self._orders.close()
        self._theirs.close()
        if self._process is not None:
            self._process.wait()

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], given: int, output: int) -> Forked:
        """``biore`` with these arguments, which reads from and writes to the given files. Once it runs."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __spec__.name, str(self._theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[self._theirs.fileno()],
                start_new_session=True,
            )
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._orders, [b"+"], [theirs.fileno(), given, output])
        ours.sendall(json.dumps([list(arguments), dict(environment)]).encode())
        ours.shutdown(socket.SHUT_WR)
        return Forked(ours)


def main(orders: socket.socket) -> None:
    """Until the tests are gone. Returns in each forked process, too, once that has ended."""
    _import_everything()
    gc.collect()
    gc.freeze()  # what is collected in a fork is copied
    signal.signal(signal.SIGCHLD, _forget_ended)
    while True:
        order, files, _, _ = socket.recv_fds(orders, 1, 3)
        if not order:
            return
        if os.fork() == 0:
            orders.close()
            _watch(files)
            return
        for file in files:
            os.close(file)


def _forget_ended(*_: object) -> None:
    """Watchers. Waited for, so that their time and that of what they forked counts as that of the tests."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _watch(files: Sequence[int]) -> None:
    """Forks the process, and tells its pid and how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    report = socket.socket(fileno=files[REPORT])
    with report.makefile("rb") as order:
        arguments, environment = json.load(order)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        report.sendall(NUMBER.pack(os.getpid()))
        report.close()
        _become(arguments, environment, files)
        return
    for file in files[INPUT:]:
        os.close(file)
    _, status = os.waitpid(pid, 0)
    report.sendall(NUMBER.pack(os.waitstatus_to_exitcode(status)))
    os._exit(0)  # what ends with an interpreter belongs to the process that was forked


def _become(arguments: Sequence[str], environment: Mapping[str, str], files: Sequence[int]) -> None:
    """As `python -m runtime.cli` does."""
    os.dup2(files[INPUT], 0)
    for standard in (1, 2):
        os.dup2(files[OUTPUT], standard)
    for file in files[INPUT:]:
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [MODULE, *arguments]
    runpy.run_module(MODULE, run_name="__main__", alter_sys=True)


def _import_everything() -> None:
    """What the command, a server and a worker import when they begin."""
    import contract.lint  # noqa: F401
    import persistence.migrate  # noqa: F401
    import runtime.cli
    import runtime.doctor
    import runtime.observe.metrics
    import runtime.serve.metrics_port
    import runtime.serve.process
    import runtime.web.app
    import runtime.web.scrape
    import runtime.worker.worker  # noqa: F401


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
