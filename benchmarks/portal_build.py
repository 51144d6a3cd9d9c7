"""How long the portal of a large contract takes: the one we have, repeated under other names, in every language.

``python -m benchmarks.portal_build [operations]`` prints the time of the pages and that of the search index, on the
clock and on the processors, and fails when 200 operations take longer than they may. Run it on an idle machine.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from contract import loader as spec
from portal import search
from portal.build import Options, build
from portal.model import Module, Operation, Site, read

OPERATIONS = 200
MAY_TAKE_SECONDS = 15
ORIGIN = "http://127.0.0.1:8000"


def large(site: Site, count: int) -> Site:
    """A site of ``count`` operations, 30 to a module as in the largest that we have."""
    repeated = [_again(operation, turn) for turn in range(count) for operation in site.operations][:count]
    modules: dict[str, list[Operation]] = {}
    for position, operation in enumerate(repeated):
        name = f"part{position // 30}"
        page = f"{name}/{operation.policy.page.replace('/', '-')}-{position}"
        modules.setdefault(name, []).append(replace(operation, policy=replace(operation.policy, page=page)))
    named = tuple(Module(name, name.title(), "Repeated.", tuple(found)) for name, found in modules.items())
    return Site(site.contract, named)


def _again(operation: Operation, turn: int) -> Operation:
    policy = replace(operation.policy, operation_id=f"{operation.id}_{turn}" if turn else operation.id)
    return replace(operation, policy=policy)


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds on the clock and of all processors, those of child processes included."""
    clock, before = time.perf_counter(), os.times()
    work()
    after = os.times()
    return time.perf_counter() - clock, sum(after[:4]) - sum(before[:4])


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else OPERATIONS
    site = large(read(spec.load()), count)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "site"
        pages, pages_cpu = timed(lambda: build(site, out, Options(ORIGIN, search=False, processes=os.cpu_count() or 1)))
        index, index_cpu = timed(lambda: search.index(out))
        written = sum(1 for _ in out.rglob("*.html"))
    print(f"{count} operations, {written} pages: {pages:.1f} s ({pages_cpu:.1f} s of processors)")
    print(f"search index: {index:.1f} s ({index_cpu:.1f} s of processors)")
    if pages > MAY_TAKE_SECONDS * count / OPERATIONS:
        sys.exit(f"slower than {MAY_TAKE_SECONDS} s for {OPERATIONS} operations")


if __name__ == "__main__":
    main()
