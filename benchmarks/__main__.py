"""``python -m benchmarks [part …]``: measure all parts, or some, on one stand, and write one table.

All of them together write ``benchmarks/results/latest.md`` and ``.json``; some write ``part.md`` and ``.json``
beside them. ``--quick`` proves that everything works; its numbers mean nothing. The exit code is 1 when a target is
not met or a part could not be measured.
"""

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path

from benchmarks.report import Report, Row, cells, machine
from benchmarks.stand import SAME_AS_OURS, Stand, our_versions, peer_versions

RESULTS = Path(__file__).parent / "results"
# Each is a module with ``measure(stand, quick)``, which yields rows.
PARTS = (
    *("framework", "startup", "me", "bio", "ordinary", "admin_users", "discover", "ledger", "passwords", "scale"),
    *("refresh", "outbox", "hostile", "login_timing"),
)
SHOWN = ("fastapi", "fastapi-users", "sqlalchemy", "asyncpg", "starlette", "connexion", "psycopg", "pyjwt")

Measure = Callable[[Stand, bool], Iterable[Row]]


def header(stand: Stand) -> dict[str, str]:
    ours, theirs = our_versions(), peer_versions()
    return machine() | {
        "all": f"Python {ours['python']}, PostgreSQL {stand.postgres_version}, "
        + ", ".join(f"{name} {ours[name]}" for name in SAME_AS_OURS),
        "ours": ", ".join(f"{name} {ours[name]}" for name in SHOWN if name in ours),
        "rivals": ", ".join(f"{name} {theirs[name]}" for name in SHOWN if name in theirs),
    }


def measured(stand: Stand, parts: Sequence[str], quick: bool) -> Report:
    """Every part, also after one that failed."""
    rows: list[Row] = []
    failed: dict[str, str] = {}
    about = header(stand)
    for part in parts:
        began = time.monotonic()
        measure: Measure = import_module(f"benchmarks.{part}").measure
        try:
            for row in measure(stand, quick):
                rows.append(row)
                print(" | ".join(cells(row)), flush=True)
        except Exception as error:  # the others are to be measured all the same
            traceback.print_exc()
            failed[part] = f"{type(error).__name__}: {' '.join(str(error).split())[-300:]}"
        print(f"{part} took {time.monotonic() - began:.0f} s\n", flush=True)
    return Report(about, rows, failed)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure; see CONTRIBUTING.md.")
    parser.add_argument("parts", nargs="*", choices=(*PARTS, []), metavar="part", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="prove that it works; the numbers mean nothing")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, Stand(Path(folder)) as stand:
        report = measured(stand, options.parts or PARTS, options.quick)
    print(report.markdown())
    if not options.quick:
        report.write(RESULTS, "part" if options.parts else "latest")
    return 0 if report.good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
