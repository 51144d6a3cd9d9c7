"""The framework alone, in one process without sockets: what a call costs that does nothing.

Ours does all that it does in production: contract, session check (in memory), limit, correlation id, envelope, log,
metrics. Beside others, which have none of that, its framework alone is judged: see `benchmarks.inprocess.alone`.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.inprocess import ALONE, OURS, STARLETTE
from benchmarks.report import Row, at_most, compared, ratio_at_most, row
from benchmarks.stand import ROOT, Stand, pin

ROUNDS, TURNS = 5, 15
MICROSECONDS = 40
WITHIN = 1.1
COMPARED = ("GET with bearer", "validated POST", "GET with parameters")


def measure(stand: Stand, quick: bool) -> Iterator[Row]:
    found = _run(stand, *((2, 1) if quick else (ROUNDS, TURNS)))
    for title in COMPARED:
        yield from _beside(title, found[title])
    for status, values in found["refusals"].items():
        yield row("framework", f"ours, {status}", "a call", values, "µs", at_most(MICROSECONDS))
    many = found["500 operations"]
    for name, other, subject in (("last", "first", "500th"), ("parameters, 500", "parameters, few", "parameters")):
        base = row("framework", f"ours of 500 operations, {subject}", "a call", many[name], "µs")
        to = "the first" if other == "first" else "of the contract we have"
        yield compared(base, many[name], to, many[other], ratio_at_most(WITHIN))


def _beside(title: str, found: Mapping[str, Sequence[float]]) -> Iterator[Row]:
    for name, values in found.items():
        base = row(
            "framework", f"{name}, {title}", "a call", values, "µs", at_most(MICROSECONDS) if name == OURS else None
        )
        if name in (OURS, ALONE, STARLETTE):
            yield base
        if name != STARLETTE:
            faster = ratio_at_most(1) if name == ALONE else None
            yield compared(base, values, STARLETTE, found[STARLETTE], faster)


def _run(stand: Stand, rounds: int, turns: int) -> dict[str, dict[str, list[float]]]:
    """In a process of its own on the core of servers, whose log goes to a file like a server's."""
    folder = stand.folder / "inprocess"
    folder.mkdir()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.inprocess", folder, str(rounds), str(turns)],
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=ROOT,
        )
        pin(process.pid, stand.server_cores)
        output, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the process ended: {(folder / 'log').read_text()[-2000:]}")
    measured: dict[str, dict[str, list[float]]] = json.loads(output)
    return measured
