"""Load by wrk (https://github.com/wg/wrk): so many connections, each of which asks again as soon as it was answered."""

import json
import math
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

REPLAY = Path(__file__).parent / "wrk" / "replay.lua"
CONNECTIONS = 16
SOCKET_ERRORS = ("connect", "read", "write", "timeout")


class Refused(Exception):
    """Not every answer was a success, so what was measured is not what was meant."""


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw. Times of answers are in milliseconds; ``refused`` are answers of 400 and above."""

    requests: int
    seconds: float
    p50: float
    p90: float
    p99: float
    longest: float
    refused: int
    socket_errors: Mapping[str, int]

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def answered(self) -> int:
        """Requests whose answer was a success."""
        return self.requests - self.refused

    def require_clean(self) -> None:
        """Raises Refused."""
        if self.refused or any(self.socket_errors.values()) or not self.requests:
            raise Refused(f"{self.refused} of {self.requests} answers were refusals; sockets: {self.socket_errors}")


@dataclass(frozen=True)
class Request:
    """One request of HTTP/1.1 over a connection that is kept."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] | None = None
    body: bytes = b""

    def rendered(self, host: str) -> bytes:
        length = {"Content-Length": str(len(self.body))} if self.body or self.method != "GET" else {}
        headers = {"Host": host, "Accept": "*/*", **(self.headers or {}), **length}
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + self.body

    @classmethod
    def json(cls, path: str, body: object, **headers: str) -> "Request":
        """A POST. ``headers`` are named with ``_`` for ``-``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(path, "POST", {"Content-Type": "application/json"} | named, json.dumps(body).encode())

    @classmethod
    def bearer(cls, path: str, token: str) -> "Request":
        return cls(path, headers={"Authorization": f"Bearer {token}"})


class Script:
    """Requests that are sent in turn, rendered into a file: ``with Script(origin, requests) as script:``."""

    def __init__(self, origin: str, requests: Iterable[Request]) -> None:
        self.origin = origin
        self._file = tempfile.NamedTemporaryFile("wb", suffix=".requests")  # noqa: SIM115 - closed by __exit__
        self.count = 0
        for request in requests:
            raw = request.rendered(urlsplit(origin).netloc)
            self._file.write(b"%d\n%b" % (len(raw), raw))
            self.count += 1
        self._file.flush()

    def __enter__(self) -> "Script":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @cached_property
    def path(self) -> str:
        return self._file.name

    def run(self, seconds: float, connections: int = CONNECTIONS, *, once: bool = False, clean: bool = True) -> Load:
        """Measure. ``once``: no request may be sent a second time, there must be enough of them.

        ``clean``: refusals and socket errors raise Refused.
        """
        load = parsed(subprocess.check_output(self._command(seconds, connections), env=self._environment, text=True))
        if clean:
            load.require_clean()
        if once and load.requests + connections > self.count:
            raise Refused(f"{self.count} requests were not enough for {seconds} s")
        return load

    def start(self, seconds: float, connections: int = CONNECTIONS) -> "subprocess.Popen[str]":
        """The same beside other work; ``parsed(process.communicate()[0])`` is the result."""
        return subprocess.Popen(
            self._command(seconds, connections), env=self._environment, text=True, stdout=subprocess.PIPE
        )

    @property
    def _environment(self) -> Mapping[str, str]:
        return os.environ | {"REQUESTS": self.path}

    def _command(self, seconds: float, connections: int) -> Sequence[str]:
        if shutil.which("wrk") is None:
            raise RuntimeError("wrk is missing: `make bench` installs it where it may, else apt-get install wrk")
        options = ("-t1", f"-c{connections}", f"-d{max(1, math.ceil(seconds))}s", "--timeout", "10s")
        return ("wrk", *options, "-s", str(REPLAY), self.origin)


def measure(
    origin: str,
    requests: Iterable[Request],
    seconds: float,
    *,
    warm_up: float = 1,
    connections: int = CONNECTIONS,
    clean: bool = True,
) -> Load:
    """Requests in turn, over and over, for ``seconds`` after those to warm up. Raises Refused."""
    with Script(origin, requests) as script:
        if warm_up:
            script.run(warm_up, connections, clean=clean)
        return script.run(seconds, connections, clean=clean)


def parsed(output: str) -> Load:
    """The line of JSON that the script writes after wrk's own report. Raises ValueError when there is none."""
    lines = [line for line in output.splitlines() if line.startswith('{"requests"')]
    if len(lines) != 1:
        raise ValueError(f"wrk did not report: {output[-2000:]}")
    seen = json.loads(lines[0])
    milliseconds = {name: seen[name] / 1000 for name in ("p50", "p90", "p99")}
    errors = {name: seen[name] for name in SOCKET_ERRORS}
    return Load(
        requests=seen["requests"],
        seconds=seen["microseconds"] / 1_000_000,
        longest=seen["max"] / 1000,
        refused=seen["refused"],
        socket_errors=errors,
        **milliseconds,
    )
