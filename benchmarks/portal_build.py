"""How long the portal of a large contract takes: the one we have, repeated under other names, in English.

``python -m benchmarks.portal_build`` builds 300 operations with samples and search, on one core, then once more into
the same folder after the text of one operation changed. Each build has a process of its own, as each run of ``biore
portal build`` has; what is timed is the build, without the start of Python and without the reading of the contract,
which has a row of its own. It prints one table, writes ``benchmarks/results/portal_build.md`` and ``.json``, and ends
with 1 when a target is not met. Run it on an idle machine; ``--rounds 1`` proves that it works.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from benchmarks.report import Report, Row, at_most, machine, row
from contract import loader as spec
from portal.build import Options, build
from portal.model import Module, Operation, Site, read

NAME = "portal_build"
RESULTS = Path(__file__).parent / "results"
OPERATIONS = 300
OF_A_MODULE = 30
ROUNDS = 3
MAY_TAKE_SECONDS, AGAIN_MAY_TAKE_SECONDS = 10, 2
ORIGIN = "http://127.0.0.1:8000"
CHANGED = "This sentence is new."


@dataclass(frozen=True)
class Took:
    """Seconds on the clock, and those of all processors, child processes included."""

    reading: float
    building: float
    processors: float
    pages: int


def large(site: Site, count: int) -> Site:
    """A site of ``count`` operations: ours, then the same again in modules of 30, as in the largest that we have."""
    repeated = [_again(operation, turn) for turn in range(1, count) for operation in site.operations]
    modules = {module.name: list(module.operations) for module in site.modules}
    for position, operation in enumerate(repeated[: max(0, count - len(site.operations))]):
        name = f"part{position // OF_A_MODULE}"
        page = f"{name}/{operation.policy.page.replace('/', '-')}-{position}"
        modules.setdefault(name, []).append(replace(operation, policy=replace(operation.policy, page=page)))
    ours = {module.name: module for module in site.modules}
    named = (ours.get(name) or Module(name, name.title(), "Repeated.", tuple(found)) for name, found in modules.items())
    return Site(site.contract, tuple(named))


def _again(operation: Operation, turn: int) -> Operation:
    policy = replace(operation.policy, operation_id=f"{operation.id}_{turn}")
    document = operation.document | {"summary": f"{operation.summary} {turn}"}
    return replace(operation, policy=policy, document=document)


def changed(site: Site) -> Site:
    """The same with another description of its last operation."""
    *modules, last = site.modules
    *operations, operation = last.operations
    told = replace(operation, document=operation.document | {"description": CHANGED})
    return Site(site.contract, (*modules, replace(last, operations=(*operations, told))))


def built(out: Path, change: bool) -> Took:
    """Build into ``out``, on one core of this process."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    began = time.perf_counter()
    site = large(read(spec.load()), OPERATIONS)
    site = changed(site) if change else site
    read_at, before = time.perf_counter(), os.times()
    build(site, out, Options(ORIGIN, locales=("en",)))
    done, after = time.perf_counter(), os.times()
    pages = sum(1 for _ in out.rglob("*.html"))
    return Took(read_at - began, done - read_at, sum(after[:4]) - sum(before[:4]), pages)


def in_a_process(out: Path, change: bool) -> Took:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(built, out, change).result()


def rows(first: Sequence[Took], again: Sequence[Took]) -> Sequence[Row]:
    subject = f"English, {OPERATIONS} operations, {first[0].pages} pages, one core"
    whole, part = at_most(MAY_TAKE_SECONDS), at_most(AGAIN_MAY_TAKE_SECONDS)
    return (
        row(NAME, subject, "build", [took.building for took in first], "s", whole),
        row(NAME, subject, "build, time of processors", [took.processors for took in first], "s"),
        row(NAME, subject, "again, one text changed", [took.building for took in again], "s", part),
        row(NAME, subject, "again, time of processors", [took.processors for took in again], "s"),
        row(NAME, subject, "reading the contract before it", [took.reading for took in first], "s"),
    )


def measured(rounds: int) -> Report:
    first, again = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="portal-") as folder:
            out = Path(folder) / "site"
            first.append(in_a_process(out, change=False))
            again.append(in_a_process(out, change=True))
            assert any(CHANGED in page.read_text() for page in out.rglob("*.html")), "the change is not to be read"
    return Report(machine(), rows(first, again), {})


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.portal_build", description="Time builds of a portal.")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="(default: %(default)s)")
    rounds = parser.parse_args(arguments).rounds
    report = measured(rounds)
    print(report.markdown())
    if rounds >= ROUNDS:
        report.write(RESULTS, NAME)
    return 0 if report.good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
