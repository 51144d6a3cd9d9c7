"""Valid clients beside others who send garbage at full speed: what is left for those who mean well?

Both are wrk on the core that the server does not have. The hostile ones send as fast as they are refused, over as many
connections as the valid ones; a connection that the server closes is opened again at once.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from uuid import uuid4

from benchmarks.load import CONNECTIONS, Request, Script, parsed
from benchmarks.people import access_tokens, configure, settle
from benchmarks.report import Row, compared, ratio_at_most, row
from benchmarks.stand import Stand
from contract.bounds import BODY_LIMIT
from contract.loader import load

NAME = "hostile"
MIB = 1024 * 1024
BOUND = int(load().operation("auth.login")[BODY_LIMIT])
FACTOR = 4.0
ROUNDS, SECONDS = 3, 2
PEOPLE = 500
ACCOUNTS = 5000


@dataclass(frozen=True)
class Garbage(Request):
    """Bytes as they are."""

    def rendered(self, host: str) -> bytes:
        return self.body


def garbage(*bodies: bytes) -> list[Request]:
    """wrk looks at the first request only, whether it is one."""
    return [Request("/"), *[Garbage("", body=body) for body in bodies] * 50]


def login(body: bytes, **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("/api/v1/auth/login", "POST", {"Content-Type": "application/json"} | named, body)


KINDS: Mapping[str, Sequence[Request]] = {
    "no HTTP": garbage(b"\x16\x03\x01" + os.urandom(512), b"GET / HTTP/9.9\r\n\r\n", b"\x00" * 64 + b"\r\n\r\n"),
    "no JSON": [login(b"{" * 2000), login(b"[" * 5000), login(b"\xff\xfe{}"), login(b'{"email": ')],
    "unknown paths": [Request(f"/api/v1/{uuid4().hex}/{uuid4().hex}") for _ in range(200)],
    "wrong tokens": [Request.bearer("/api/v1/auth/me", ".".join(uuid4().hex for _ in range(3))) for _ in range(200)],
    "bodies over the bound": [login(b" " * (BOUND + 1))],
    "bodies too large": [login(b" " * (MIB + 1))],  # what was too large before operations had bounds of their own
}


def measure(stand: Stand, quick: bool) -> Iterator[Row]:
    database_url = stand.database()
    settle(database_url, PEOPLE if quick else ACCOUNTS)
    configure(database_url, ratelimit__auth__me="999999/minute")
    rounds, seconds = (1, 1) if quick else (ROUNDS, SECONDS)
    with stand.ours(database_url) as ours, ExitStack() as stack:
        requests = [Request.bearer("/api/v1/auth/me", token) for token in access_tokens(database_url, PEOPLE)]
        valid = stack.enter_context(Script(ours.origin, requests))
        bad = {name: stack.enter_context(Script(ours.origin, sent)) for name, sent in KINDS.items()}
        valid.run(1)
        yield from _beside(valid, bad, rounds, seconds)


def _beside(valid: Script, bad: Mapping[str, Script], rounds: int, seconds: int) -> Iterator[Row]:
    """In each round alone, then beside each kind, then beside all kinds at once."""
    idle: list[float] = []
    beside: dict[str, list[float]] = {name: [] for name in (*bad, "all of it")}
    sent: dict[str, list[float]] = {name: [] for name in beside}
    for _ in range(rounds):
        idle.append(valid.run(seconds).p99)
        for name in beside:
            kinds = list(bad.values()) if name == "all of it" else [bad[name]]
            with attacked(kinds, seconds + 1) as received:
                beside[name].append(valid.run(seconds).p99)
            sent[name].append(sum(received) / (seconds + 1))
    subject = f"GET /auth/me, {CONNECTIONS} connections"
    yield row(NAME, f"{subject}, nobody else", "p99", idle, "ms")
    for name, times in beside.items():
        base = row(NAME, f"{subject}, beside {name}", "p99", times, "ms")
        yield compared(base, times, "with nobody else", idle, ratio_at_most(FACTOR))
        yield row(NAME, f"{name}, {CONNECTIONS} connections", "refused or cut off", sent[name], "/s")


@contextmanager
def attacked(kinds: Sequence[Script], seconds: int) -> Iterator[list[int]]:
    """Garbage comes before the block begins and until it has ended; the list then holds how much was refused."""
    each = -(-CONNECTIONS // len(kinds))
    processes = [script.start(seconds, each) for script in kinds]
    refused: list[int] = []
    try:
        yield refused
    finally:
        loads = [parsed(process.communicate()[0]) for process in processes]
    refused += [load.requests + sum(load.socket_errors.values()) for load in loads]
