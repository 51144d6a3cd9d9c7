"""Mails per second of one worker and of four, through a real SMTP server, and what a worker costs that has none.

The jobs are there before the workers, due at one moment; a mail counts when its job ended in the database. What the
mail server could take by itself is told too: it is a process of Python like the worker. Nothing is pinned, for four
workers, PostgreSQL and the mail server share the cores anyway.
"""

import asyncio
import multiprocessing
import os
import smtplib
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg

from benchmarks.passwords import unpinned
from benchmarks.people import configure
from benchmarks.report import Row, at_most, compared, row
from benchmarks.stand import Stand
from domain.clock import utc_now
from domain.schedule import RECURRING
from domain.topics import VerifyAddress
from domain.users import Origin, new_user
from runtime.compose import Parts, build_parts
from runtime.settings import Settings
from tests.processes.biore import SECRET, Deployment, Process, until
from tests.processes.post_office import PostOffice

NAME = "outbox"
MAILS, QUICK_MAILS = 600, 40
WORKERS = (1, 4)
ROUNDS = 2
IDLE_SECONDS = 10.0
TOPIC = "email.verify_address"
LATER = "UPDATE outbox SET available_at = now() + interval '1 hour' WHERE topic = %s"
DUE = "UPDATE outbox SET available_at = clock_timestamp() WHERE topic = %s"
LEFT = "SELECT count(*) FROM outbox WHERE done_at IS NULL AND dead_at IS NULL AND topic = %s"
TOOK = "SELECT extract(epoch FROM max(done_at) - min(available_at))::float FROM outbox WHERE topic = %s"
# What recurs is due when a worker first looks; it must not come between.
RECURRED = "SELECT count(*) FROM outbox WHERE done_at IS NOT NULL AND topic <> %s"
CONNECTED = """
SELECT count(DISTINCT pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
TRANSACTIONS = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = %s"


def measure(stand: Stand, quick: bool) -> Iterator[Row]:
    mails, rounds = (QUICK_MAILS, 1) if quick else (MAILS, ROUNDS)
    with unpinned(stand), ExitStack() as stack:
        office = stack.enter_context(opened())
        alone = [office.capacity(mails) for _ in range(rounds)]
        yield row(NAME, "mail server alone, 10 connections at once", "mails", alone, "/s")
        runs = {count: [Run(stand, office, count, mails) for _ in range(rounds)] for count in WORKERS}
        yield from _rows(runs, mails)
        yield from idle(stand, office, 2.0 if quick else IDLE_SECONDS)


class Office:
    """A post office in a process of its own, which tells what it accepted when asked."""

    def __init__(self, line: "Connection[Any, Any]") -> None:
        self.url, self._port = line.recv()
        self._line = line

    def accepted(self) -> list[tuple[str, str]]:
        """Recipient and Message-ID of each mail since the last time."""
        self._line.send("accepted")
        found: list[tuple[str, str]] = self._line.recv()
        return found

    def capacity(self, mails: int) -> float:
        """Mails per second from ten senders, each mail over a connection of its own, as workers do it."""

        def send(number: int) -> None:
            with smtplib.SMTP("127.0.0.1", self._port) as client:
                mail = f"Message-ID: <{number}@example.com>\r\n\r\n" + ("x" * 70 + "\r\n") * 60
                client.sendmail("us@example.com", [f"{number}@example.com"], mail)

        began = time.perf_counter()
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(send, range(mails)))
        seconds = time.perf_counter() - began
        assert len(self.accepted()) == mails
        return mails / seconds


@contextmanager
def opened() -> Iterator[Office]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_keep_office, args=(theirs,), daemon=True)
    process.start()
    try:
        yield Office(ours)
    finally:
        ours.send(None)
        process.join()


def _keep_office(line: "Connection[Any, Any]") -> None:
    office = PostOffice()
    with office.opened():
        line.send((office.url, office.port))
        while line.recv() is not None:
            accepted, office.accepted = office.accepted, []
            line.send(accepted)


class Run:
    """So many workers send so many mails, once."""

    def __init__(self, stand: Stand, office: Office, workers: int, mails: int) -> None:
        database_url = stand.database()
        _fill(database_url, office, mails)
        with started(stand, database_url, workers) as processes, psycopg.connect(database_url, autocommit=True) as own:
            before = cpu_seconds(processes)
            own.execute(DUE, [TOPIC])
            until(lambda: number(own, LEFT, TOPIC) == 0, "all mails sent", 120)
            self.per_second = mails / number(own, TOOK, TOPIC)
            self.per_cpu_second = mails / (cpu_seconds(processes) - before)
        sent = Counter(recipient for recipient, _ in office.accepted())
        self.twice = sum(count - 1 for count in sent.values())
        self.missing = mails - len(sent)


def number(connection: "psycopg.Connection[Any]", query: str, *values: object) -> float:
    row = connection.execute(query.encode(), values).fetchone()
    return float(row[0]) if row else 0.0


def _fill(database_url: str, office: Office, mails: int) -> None:
    """People who wait for their verification mail, as registration leaves them; their jobs are due in an hour."""
    values = {"external__email__active_provider": "smtp", "external__email__smtp__url": office.url}
    configure(database_url, external__email__failover_providers=[], **values)

    async def add(parts: Parts) -> None:
        async with parts.database.unit() as db:
            for number in range(mails):
                account = new_user({"email": f"person{number}@example.com"}, None, "en", Origin(None, None, None))
                user_id = await db.users.add(account, [f"R{number}"], utc_now())
                await db.outbox.add(VerifyAddress(user_id), secret=str(user_id))

    async def run() -> None:
        parts = build_parts(Settings(secret_key=SECRET), database_url)
        try:
            await add(parts)
        finally:
            await parts.close()

    asyncio.run(run())
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(LATER, [TOPIC])


@contextmanager
def started(stand: Stand, database_url: str, count: int) -> Iterator[Sequence[Process]]:
    """Workers that look for work already."""
    folder = stand.folder / f"workers-{os.urandom(4).hex()}"
    folder.mkdir()
    settings = {"env": "production", "database_url": database_url, "cookie_domain": "example.com"}
    with Deployment(folder, **settings) as deployment, psycopg.connect(database_url, autocommit=True) as own:
        processes = [deployment.start("worker") for _ in range(count)]
        until(lambda: number(own, CONNECTED) >= count, "workers at the database")
        until(lambda: number(own, RECURRED, TOPIC) >= len(RECURRING), "what recurs done")
        yield processes


def cpu_seconds(processes: Sequence[Process]) -> float:
    return sum(sum(psutil.Process(process.pid).cpu_times()[:2]) for process in processes)


def _rows(runs: dict[int, list[Run]], mails: int) -> Iterator[Row]:
    one, *_ = runs.values()
    for count, found in runs.items():
        subject = f"{count} worker{'s' if count > 1 else ''}, {mails} mails"
        base = row(NAME, subject, "mails", [run.per_second for run in found], "/s")
        rates, alone = [run.per_second for run in found], [run.per_second for run in one]
        yield base if found is one else compared(base, rates, "1 worker", alone)
        yield row(NAME, subject, "mails per worker", [run.per_second / count for run in found], "/s")
        yield row(NAME, subject, "mails per second of processor time", [run.per_cpu_second for run in found], "/s")
        yield row(NAME, subject, "sent twice", [max(run.twice for run in found)], "", at_most(0))
        yield row(NAME, subject, "not sent", [max(run.missing for run in found)], "", at_most(0))


def idle(stand: Stand, office: Office, seconds: float) -> Iterator[Row]:
    """What a worker costs that has nothing to do."""
    database_url = stand.database()
    _fill(database_url, office, 1)
    with started(stand, database_url, 1) as processes, psycopg.connect(database_url, dbname="postgres") as other:
        other.autocommit = True
        name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
        time.sleep(2)  # PostgreSQL counts what others did a moment later
        before, cpu = number(other, TRANSACTIONS, name), cpu_seconds(processes)
        time.sleep(seconds)
        spent, transactions = cpu_seconds(processes) - cpu, number(other, TRANSACTIONS, name) - before
    yield row(NAME, "1 worker without work", "processor time", [100 * spent / seconds], "%")
    yield row(NAME, "1 worker without work", "transactions", [transactions / seconds], "/s")
