"""From one process to two, and from a thousand people to a million.

Two cores cannot hold two servers, PostgreSQL, Redis and their callers without crowding. So what a second process is
worth is told by the work that one second of processor time does: where two processes need no more of it for an answer
than one does, two cores of their own give twice as much. What the whole crowded machine gave is told beside it.

People are compared by time per answer, in turn, on two databases of one PostgreSQL, by one server process each.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from uuid import uuid4

import psycopg

from benchmarks.connection import ask
from benchmarks.load import CONNECTIONS, Request, Script
from benchmarks.passwords import network, unpinned
from benchmarks.people import access_tokens, configure, settle
from benchmarks.refresh import rotate
from benchmarks.report import Row, compared, ratio_at_least, ratio_at_most, row
from benchmarks.stand import Ours, Stand
from tests.processes.biore import registration

NAME = "scale"
ROUNDS, SECONDS = 3, 2
SPEED_UP = 1.8
FACTOR = 1.15
FEW, MANY, QUICK_MANY = 1_000, 1_000_000, 5_000
SESSIONS, CHAINS = 1_000, 500
REGISTRATIONS = 48
WIDE = "999999/minute"
CONFIG = {f"ratelimit__{name}": WIDE for name in ("auth__me", "auth__register", "auth__refresh", "users__profile")} | {
    "auth__salt_rounds": 10,
    "auth__email_mx_check": False,
}
Measured = Mapping[str, Sequence[float]]


def measure(stand: Stand, quick: bool) -> Iterator[Row]:
    rounds, seconds = (1, 1) if quick else (ROUNDS, SECONDS)
    yield from processes(stand, rounds, seconds)
    yield from people(stand, QUICK_MANY if quick else MANY, rounds, seconds)


def processes(stand: Stand, rounds: int, seconds: int) -> Iterator[Row]:
    database_url = stand.database()
    settle(database_url, 10_000)
    configure(database_url, **CONFIG)
    with ExitStack() as stack:
        stack.enter_context(unpinned(stand))
        options = {"cores": stand.all_cores, "redis_url": stand.redis.url}
        servers = [
            stack.enter_context(stand.ours(database_url, *arguments, **options))  # type: ignore[arg-type]
            for arguments in ((), ("--workers", "2"))
        ]
        requests = [Request.bearer("/api/v1/auth/me", token) for token in access_tokens(database_url, SESSIONS)]
        scripts = [stack.enter_context(Script(server.origin, requests)) for server in servers]
        rates: tuple[list[float], list[float]] = ([], [])
        work: tuple[list[float], list[float]] = ([], [])
        callers = (CONNECTIONS, 2 * CONNECTIONS)  # as many for each process
        for script, count in zip(scripts, callers, strict=True):
            script.run(2, count)
        for _ in range(rounds):
            for server, script, count, rate, per_second in zip(servers, scripts, callers, rates, work, strict=True):
                before = server.cpu_seconds()
                load = script.run(seconds, count)
                rate.append(load.per_second)
                per_second.append(load.requests / (server.cpu_seconds() - before))
    yield from _process_rows(rates, work)


def _process_rows(rates: Sequence[Sequence[float]], work: Sequence[Sequence[float]]) -> Iterator[Row]:
    subject = f"GET /auth/me, {CONNECTIONS} connections for each process, limits on Redis"
    yield row(NAME, f"{subject}, 1 process", "answers per second of its processor time", work[0], "/s")
    twice = [2 * per_second for per_second in work[1]]
    base = row(NAME, f"{subject}, 2 processes", "answers per two seconds of their processor time", twice, "/s")
    yield compared(base, twice, "1 process, one second", work[0], ratio_at_least(SPEED_UP))
    yield row(NAME, f"{subject}, 1 process", "the crowded machine", rates[0], "/s")
    base = row(NAME, f"{subject}, 2 processes", "the crowded machine", rates[1], "/s")
    yield compared(base, rates[1], "1 process", rates[0])


def people(stand: Stand, many: int, rounds: int, seconds: int) -> Iterator[Row]:
    sizes = (FEW, many)
    databases = [stand.database() for _ in sizes]
    for database_url, count in zip(databases, sizes, strict=True):
        fill(database_url, count, rounds)
    seen: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    with ExitStack() as stack:
        servers = [stack.enter_context(stand.ours(url, trusted_proxies="127.0.0.0/8")) for url in databases]
        crowds = [Callers(stack, *pair, seconds) for pair in zip(servers, databases, strict=True)]
        for crowd in crowds:
            crowd.warm_up()
        for _ in range(rounds):
            for operation in crowds[0].calls:
                for crowd, times in zip(crowds, seen[operation], strict=True):
                    times.append(crowd.calls[operation]())
    for operation, (few, much) in seen.items():
        base = row(NAME, f"{operation}, {many} people", "per answer", much, "ms")
        yield compared(base, much, f"{FEW} people", few, ratio_at_most(FACTOR))


def fill(database_url: str, count: int, rounds: int) -> None:
    """People with a session each, and further sessions where there are too few people for all chains."""
    settle(database_url, count)
    configure(database_url, **CONFIG)
    with psycopg.connect(database_url, autocommit=True) as connection:
        further = """
            INSERT INTO sessions (id, user_id, last_active_at, expires_at)
            SELECT gen_random_uuid(), id, now(), now() + interval '1 day'
            FROM (SELECT id FROM users LIMIT %s) u, generate_series(1, %s)
        """
        connection.execute(further, [FEW, max(1, CHAINS * (rounds + 1) // FEW)])
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")  # or it would come while somebody measures


class Callers:
    """Of one server. ``calls`` measure milliseconds per answer."""

    def __init__(self, stack: ExitStack, server: Ours, database_url: str, seconds: int) -> None:
        self._server = server
        self._database_url = database_url
        self._seconds = seconds
        tokens = access_tokens(database_url, SESSIONS)
        self._scripts = {
            path: stack.enter_context(Script(server.origin, [Request.bearer(path, token) for token in tokens]))
            for path in ("/api/v1/auth/me", "/api/v1/users/profile")
        }
        self.calls: Mapping[str, Callable[[], float]] = {
            "GET /auth/me": lambda: self._read("/api/v1/auth/me"),
            "GET /users/profile": lambda: self._read("/api/v1/users/profile"),
            "POST /auth/register": self._register,
            "POST /auth/refresh": self._refresh,
        }

    def warm_up(self) -> None:
        for script in self._scripts.values():
            script.run(1)
        self._register()

    def _read(self, path: str) -> float:
        return 1000 / self._scripts[path].run(self._seconds).per_second

    def _register(self) -> float:
        """Most of it is the hash, the cheapest that the config allows. Each caller has a network, and so a turn."""
        bodies = [registration(f"{uuid4().hex}@example.com") for _ in range(REGISTRATIONS)]
        requests = [
            Request.json("/api/v1/auth/register", body, X_Forwarded_For=network(number))
            for number, body in enumerate(bodies)
        ]
        replies, seconds = ask(self._server.origin, requests, CONNECTIONS)
        assert {reply.status for reply in replies} == {201}
        return 1000 * seconds / REGISTRATIONS

    def _refresh(self) -> float:
        return 1000 / rotate(self._server.origin, self._database_url, CHAINS, self._seconds).per_second
