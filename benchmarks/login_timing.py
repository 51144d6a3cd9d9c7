"""Does the time of a failed login tell whether the address has an account? `python -m benchmarks login_timing`.

The server is a `biore serve` of its own on an empty database. All calls go one after another over one connection.
Before each, outside of the measured time, the counted failures are deleted: both logins then insert the same rows, and
no lock, whose answer is cheap, can take the place of a hash. `python -m benchmarks.login_timing` takes more rounds.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from benchmarks.report import Row, at_most
from benchmarks.stand import Stand
from tests.harness import Tables
from tests.processes.biore import Biore, Visitor, until

ROUNDS, WARM_UP = 300, 20
PART_ROUNDS, QUICK_ROUNDS = 150, 10
LIMIT = 0.05
KNOWN, UNKNOWN = "known@example.com", "never@example.com"  # of one length
WRONG = "Another-Horse-7"
REFUSED = (401, "auth.login.invalid_credentials")
# Cheap hashes hide the least of what differs. The limits come last: once they are off, the node has read the rest too.
RAISED = 11
CONFIG = {"auth.salt_rounds": 10, "ratelimit.enabled": False}


@dataclass
class Timing:
    """Seconds of each call, and the ends of the connections that carried them."""

    unknown: list[float] = field(default_factory=list)
    known: list[float] = field(default_factory=list)
    connections: set[object] = field(default_factory=set)

    @property
    def apart(self) -> float:
        """By which part the slower median exceeds the faster one."""
        fast, slow = sorted((median(self.unknown), median(self.known)))
        return slow / fast - 1


def measure(stand: Stand, quick: bool) -> Iterator[Row]:
    """As a part of all benchmarks."""
    folder = stand.folder / "logins"
    folder.mkdir()
    (stand.folder / "raised").mkdir()
    rounds = QUICK_ROUNDS if quick else PART_ROUNDS
    with stand.unpinned():
        timing = time_logins(rounds, folder, database_url=stand.database())
        raised = time_logins(rounds, stand.folder / "raised", raised=True, database_url=stand.database())
    for subject, seconds in (("unknown address", timing.unknown), ("known address", timing.known)):
        yield Row("login_timing", f"failed login, {subject}", "median", median(seconds) * 1000, "ms")
    apart = Row("login_timing", "failed logins of both", "medians apart", timing.apart * 100, "%")
    yield apart.judged(at_most(LIMIT * 100))
    what = "failed logins of both, the hash cheaper than new ones"
    mixed = Row("login_timing", what, "medians apart", raised.apart * 100, "%")
    yield mixed.judged(at_most(LIMIT * 100))


def time_logins(rounds: int, data_dir: Path, *, raised: bool = False, **settings: str) -> Timing:
    """Time both failed logins on a fresh server, ``rounds`` times each.

    ``raised``: new hashes became dearer since the account was made.
    """
    with Biore(data_dir, **settings) as biore, biore.client() as visitor:
        follow(biore, visitor, CONFIG)
        visitor.sign_up(KNOWN)  # only now, so that its hash has the configured price
        if raised:
            follow(biore, visitor, {"ratelimit.enabled": True})
            follow(biore, visitor, {"auth.salt_rounds": RAISED, "ratelimit.enabled": False})
        with biore.client() as caller, biore.tables() as tables:
            interleave(caller, tables, WARM_UP)
            return interleave(caller, tables, rounds)


def follow(biore: Biore, visitor: Visitor, config: Mapping[str, Any]) -> None:
    """Until the node has read the config, of which the limits are the last part."""
    biore.configure(config)
    until(lambda: ("RateLimit" in visitor.post("auth/logout").headers) is config["ratelimit.enabled"], "the config")


def interleave(caller: Visitor, tables: Tables, rounds: int) -> Timing:
    """Both logins in every round; who comes first alternates."""
    timing = Timing()
    lists = ((UNKNOWN, timing.unknown), (KNOWN, timing.known))
    for number in range(rounds):
        for email, seconds in lists if number % 2 == 0 else reversed(lists):
            tables.run("DELETE FROM login_attempts")
            seconds.append(refused_login(caller, email, timing.connections))
    assert len(timing.connections) == 1, "the connection was not kept alive"
    return timing


def refused_login(caller: Visitor, email: str, connections: set[object]) -> float:
    """Seconds until the whole answer is there, which must be the refusal of wrong credentials."""
    start = time.perf_counter()
    answer = caller.post("auth/login", json={"email": email, "password": WRONG})
    seconds = time.perf_counter() - start
    assert (answer.status_code, error_code(answer)) == REFUSED, answer.text
    connections.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
    return seconds


def error_code(answer: httpx.Response) -> str | None:
    error = answer.json().get("error") or {}
    return error.get("code")


def table(timing: Timing) -> Iterator[str]:
    """The lines of a Markdown table."""
    unknown, known = median(timing.unknown), median(timing.known)
    verdict = f"{'less than' if timing.apart < LIMIT else 'NOT less than'} {LIMIT:.0%} apart ({timing.apart:.2%})"
    yield "| failed login | median ms | ratio to the other | verdict |"
    yield "|---|---:|---:|---|"
    yield f"| unknown address | {unknown * 1000:.2f} | {unknown / known:.4f} | {verdict} |"
    yield f"| wrong password of a known account | {known * 1000:.2f} | {known / unknown:.4f} | {verdict} |"


def run(arguments: Sequence[str]) -> int:
    """Measure and print; the exit code is 1 when the medians tell the two apart."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.login_timing", description="Time failed logins.")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of one login of each kind (default: %(default)s)")
    rounds = parser.parse_args(arguments).rounds
    with tempfile.TemporaryDirectory() as folder:
        timing = time_logins(rounds, Path(folder))
    print(f"`{parser.prog} --rounds {rounds}`: {rounds} interleaved logins of each kind, {WARM_UP} before to warm up\n")
    print(*table(timing), sep="\n")
    return 0 if timing.apart < LIMIT else 1


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
