"""Registration and login against what bcrypt alone can do on all cores, and what their load does to everybody else.

Nothing is pinned here: the server may hash on every core, and PostgreSQL and the clients share them, so the little that
these cost is part of what is measured. Hashes have the price of production.
"""

import asyncio
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

import bcrypt
import psycopg

from benchmarks.connection import Connection, Reply, ask
from benchmarks.load import Request, Script
from benchmarks.people import access_tokens, configure, settle
from benchmarks.report import Row, at_least, compared, ratio_at_least, ratio_at_most, row
from benchmarks.stand import Ours, Stand
from services.passwords import Hasher
from services.turns import DEADLINE_SECONDS
from tests.harness import PASSWORD
from tests.processes.biore import registration
from tests.providers.fakes import FakeConfig

NAME = "passwords"
ROUNDS, QUICK_ROUNDS = 12, 10
HASHES_PER_CORE = 24
CLIENTS = 16
CROWD = 64
FLOOD = 400
FLOOD_ROUNDS = 10
AT_LEAST = 0.95
FACTOR = 4.0
WIDE = "999999/hour"
TURNS = 3


def measure(stand: Stand, quick: bool) -> Iterator[Row]:
    rounds, turns = (QUICK_ROUNDS, 1) if quick else (ROUNDS, TURNS)
    count = HASHES_PER_CORE * len(set(stand.all_cores))
    with unpinned(stand):
        with served(stand, rounds) as (ours, database_url):
            yield from throughput(ours, database_url, rounds, count, turns)
            yield from others(ours, database_url, 3 if quick else 4, turns)
        with served(stand, QUICK_ROUNDS if quick else FLOOD_ROUNDS) as (ours, _):
            yield from flood(ours)


@contextmanager
def unpinned(stand: Stand) -> Iterator[None]:
    """Everything on every core, as on a machine that does nothing else."""
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, stand.all_cores)
    stand.pin_postgres(stand.all_cores)
    try:
        yield
    finally:
        stand.pin_postgres(stand.other_cores)
        os.sched_setaffinity(0, mine)


@contextmanager
def served(stand: Stand, rounds: int) -> Iterator[tuple[Ours, str]]:
    database_url = stand.database()
    limits = {f"ratelimit__auth__{name}": WIDE for name in ("register", "login", "me")}
    configure(database_url, auth__salt_rounds=rounds, auth__email_mx_check=False, **limits)
    settle(database_url, 1000)
    password_hash = asyncio.run(Hasher(FakeConfig({"auth.salt_rounds": rounds})).hash(PASSWORD))
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE users SET password_hash = %s", [password_hash])
    # Each client comes from a network of its own: of one network only a few may wait.
    with stand.ours(database_url, cores=stand.all_cores, trusted_proxies="127.0.0.0/8") as ours:
        yield ours, database_url


def network(number: int) -> str:
    """An address in the ``number``-th network of so many that nobody shares one by chance."""
    return f"10.{number // 250 % 250}.{number % 250}.1"


def throughput(ours: Ours, database_url: str, rounds: int, count: int, turns: int) -> Iterator[Row]:
    """Seconds for the same number of hashes: by bcrypt alone, by registrations, by logins; in turns."""
    alone, registered, signed_in = [], [], []
    ask(ours.origin, registrations(4), 4)  # whatever is slow the first time
    for turn in range(turns):
        alone.append(count / seconds_alone(count, rounds))
        registered.append(count / clean(ask(ours.origin, registrations(count), CLIENTS), 201))
        signed_in.append(count / clean(ask(ours.origin, logins(turn * count, count), CLIENTS), 200))
    cost = f"{rounds} rounds"
    yield row(NAME, f"bcrypt alone, {cost}", "hashes", alone, "/s")
    for name, rates in (("POST /auth/register", registered), ("POST /auth/login", signed_in)):
        base = row(NAME, f"{name}, {cost}, {CLIENTS} clients", "answers", rates, "/s")
        yield compared(base, rates, "bcrypt alone", alone, ratio_at_least(AT_LEAST))


def seconds_alone(count: int, rounds: int) -> float:
    """So many hashes in as many threads as there are cores, and nothing else."""
    digest, salt = b"x" * 44, bcrypt.gensalt(rounds)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        began = time.perf_counter()
        list(pool.map(lambda _: bcrypt.hashpw(digest, salt), range(count)))
        return time.perf_counter() - began


def registrations(count: int) -> list[Request]:
    return [
        Request.json(
            "/api/v1/auth/register", registration(f"{uuid4().hex}@example.com"), X_Forwarded_For=network(number)
        )
        for number in range(count)
    ]


def logins(first: int, count: int) -> list[Request]:
    """Of different people, or they would wait for one another."""
    people = (1 + number % 1000 for number in range(first, first + count))
    return [
        Request.json(
            "/api/v1/auth/login",
            {"email": f"user{number}@example.com", "password": PASSWORD},
            X_Forwarded_For=network(number),
        )
        for number in people
    ]


def clean(outcome: tuple[Sequence[Reply], float], status: int) -> float:
    replies, seconds = outcome
    seen = Counter(reply.status for reply in replies)
    assert set(seen) == {status}, f"expected {status} only: {seen}"
    return seconds


def others(ours: Ours, database_url: str, seconds: float, turns: int) -> Iterator[Row]:
    """Who only reads, while nobody registers and while a crowd does."""
    idle, busy, rates = [], [], []
    requests = [Request.bearer("/api/v1/auth/me", token) for token in access_tokens(database_url, 500)]
    with Script(ours.origin, requests) as script:
        script.run(1)
        for _ in range(turns):
            idle.append(script.run(seconds).p99)
            with crowd(ours.origin) as registered:
                busy.append(script.run(seconds).p99)
            rates.append(len(registered) / seconds)
    yield row(NAME, "GET /auth/me, 16 connections, nobody registers", "p99", idle, "ms")
    base = row(NAME, f"GET /auth/me, 16 connections, {CROWD} clients register", "p99", busy, "ms")
    yield compared(base, busy, "while nobody registers", idle, ratio_at_most(FACTOR))
    yield row(NAME, f"POST /auth/register, {CROWD} clients, beside them", "answers", rates, "/s")


@contextmanager
def crowd(origin: str) -> Iterator[list[Reply]]:
    """Clients who register, one account after the other, as long as the block; from its start all of them wait."""
    replies: list[Reply] = []
    stopping = threading.Event()

    async def come(number: int) -> None:
        connection = Connection(origin)
        mine = network(number)
        while not stopping.is_set():
            body = registration(f"{uuid4().hex}@example.com")
            reply = await connection.ask(Request.json("/api/v1/auth/register", body, X_Forwarded_For=mine))
            replies.append(reply)
            if reply.status == 503:
                await asyncio.sleep(1)  # as it was told to wait
        await connection.close()

    async def all_of_them() -> None:
        await asyncio.gather(*(come(number) for number in range(CROWD)))

    thread = threading.Thread(target=lambda: asyncio.run(all_of_them()))
    thread.start()
    time.sleep(0.5)
    within: list[Reply] = []
    before = len(replies)
    try:
        yield within
        within += [reply for reply in replies[before:] if reply.status == 201]
    finally:
        stopping.set()
        thread.join()
    assert {reply.status for reply in replies} <= {201, 503}, Counter(reply.status for reply in replies)


def flood(ours: Ours) -> Iterator[Row]:
    """More clients at once than get a turn in time: all are answered, some with a 503 that says when to come again."""
    replies, _ = ask(ours.origin, registrations(FLOOD), FLOOD)
    seen = Counter(reply.status for reply in replies)
    turned_away = [reply for reply in replies if reply.status == 503]
    polite = sum(int(reply.headers.get("retry-after", 0)) > 0 for reply in turned_away)
    subject = f"{FLOOD} registrations at once, {DEADLINE_SECONDS:.0f} s of work may wait"
    answered = seen[201] + polite
    yield row(NAME, subject, "answered 201, or 503 with Retry-After", [answered], "", at_least(FLOOD))
    yield row(NAME, subject, "201", [seen[201]])
    yield row(NAME, subject, "503 with Retry-After", [polite], "", at_least(1))
    yield row(NAME, subject, "longest wait of a 503", [max([0.0, *(r.seconds for r in turned_away)])], "s")
    yield row(NAME, subject, "longest wait of a 201", [max(r.seconds for r in replies if r.status == 201)], "s")
