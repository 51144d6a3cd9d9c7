"""Refreshes per second of one server process on one core: real chains, each answer's token is the next one shown.

Keycloak's guide ("Concepts for sizing CPU and memory resources") counts one vCPU of its cluster for 120 refreshes per
second, its database aside; ours is aside too, on the other core.
"""

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg

from benchmarks.load import CONNECTIONS, Load, parsed
from benchmarks.people import configure, settle
from benchmarks.report import Row, at_least, compared, ratio_at_least, row
from benchmarks.stand import Stand
from domain.clock import utc_now
from runtime.compose import build_parts
from runtime.settings import Settings
from services.signing_keys import SigningKeys
from services.tokens import Tokens
from tests.processes.biore import SECRET

NAME = "refresh"
ROTATE = Path(__file__).parent / "wrk" / "rotate.lua"
KEYCLOAK = 120.0
PER_SECOND = 900
CHAINS = 2000
ROUNDS, SECONDS = 3, 5
FRESH = """
SELECT id FROM sessions WHERE counter = 0 AND revoked_at IS NULL ORDER BY id LIMIT %s
"""  # ids are random


def measure(stand: Stand, quick: bool) -> Iterator[Row]:
    database_url = stand.database()
    chains, rounds, seconds = (200, 1, 1) if quick else (CHAINS, ROUNDS, SECONDS)
    settle(database_url, chains * (rounds + 1))
    configure(database_url, ratelimit__auth__refresh="999999/minute")
    loads, spent = [], []
    with stand.ours(database_url) as ours:
        rotate(ours.origin, database_url, chains, 1)
        for _ in range(rounds):
            before = ours.cpu_seconds()
            loads.append(rotate(ours.origin, database_url, chains, seconds))
            spent.append(ours.cpu_seconds() - before)
    subject = f"POST /auth/refresh, {CONNECTIONS} connections, {chains} sessions"
    rates = [load.per_second for load in loads]
    base = row(NAME, subject, "per second and core of the server", rates, "/s")
    yield compared(base, rates, "Keycloak's sizing", [KEYCLOAK] * len(rates), ratio_at_least(1))
    busy = [load.requests / seconds for load, seconds in zip(loads, spent, strict=True)]
    yield row(NAME, subject, "per second of processor time of the server", busy, "/s", at_least(PER_SECOND))
    yield row(NAME, subject, "p99", [load.p99 for load in loads], "ms")


def rotate(origin: str, database_url: str, chains: int, seconds: int) -> Load:
    """Refresh sessions that were never refreshed, and see in the table that each answer was a rotation of its own."""
    sessions = _fresh(database_url, chains)
    with tempfile.NamedTemporaryFile("w", suffix=".tokens") as file:
        file.write("\n".join(_tokens(database_url, sessions)) + "\n")
        file.flush()
        command = ("wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s", str(ROTATE), origin)
        load = parsed(subprocess.check_output(command, env=os.environ | {"TOKENS": file.name}, text=True))
    load.require_clean()
    rotated = _rotations(database_url, sessions)
    assert load.requests <= rotated <= load.requests + CONNECTIONS, f"{load.requests} answers, {rotated} rotations"
    return load


def _fresh(database_url: str, count: int) -> Sequence[object]:
    with psycopg.connect(database_url) as connection:
        found = [session_id for (session_id,) in connection.execute(FRESH, [count])]
    assert len(found) == count, f"there are only {len(found)} fresh sessions"
    return found


def _tokens(database_url: str, sessions: Sequence[object]) -> Sequence[str]:
    async def write() -> Sequence[str]:
        parts = build_parts(Settings(secret_key=SECRET), database_url)
        try:
            keys = SigningKeys(parts.database, parts.keyring, parts.config, utc_now)
            tokens = Tokens(parts.keyring, keys, parts.config, utc_now)
            return [tokens.refresh(session_id, 0) for session_id in sessions]  # type: ignore[arg-type]
        finally:
            await parts.close()

    return asyncio.run(write())


def _rotations(database_url: str, sessions: Sequence[object]) -> int:
    query = "SELECT sum(counter) FROM sessions WHERE id = ANY(%s)"
    with psycopg.connect(database_url) as connection:
        row = connection.execute(query, [list(sessions)]).fetchone()
    return int(row[0]) if row else 0
