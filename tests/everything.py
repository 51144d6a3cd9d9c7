"""All tests but those of the browser, in processes side by side, one more than there are cores, because tests wait:
`python -m tests.everything`. With arguments it hands them to one pytest process, for a part.

Any test may run in any process. What all of them reached is judged at the end, when everything was asked for.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tests.reached import JUDGE, KEEP

HERE = Path(__file__).parent
JUDGES = HERE / "contract" / "test_zz_reached.py"
ELSEWHERE = {HERE / "browser", HERE / "clients", JUDGES}  # make test-browser, make clients
APART = {HERE / name for name in ("contract", "handlers", "processes", "runtime")}
"""Rooms whose parts may stand in different shares. Those of others have dear parts in common."""
# Seconds that were measured; of others it is guessed how long they take.
SECONDS = {
    "fuzz": 80, "portal": 70, "processes/test_worker.py": 60, "processes/test_cli.py": 45, "handlers/auth": 90,
    "processes/test_guides.py": 60, "processes/test_documents.py": 60,
    "processes/test_kills.py": 50, "processes/test_notice_races.py": 15,
    "processes/test_outages.py": 35, "processes/test_shutdown.py": 30, "processes/test_races.py": 30,
    "contract/test_side_effects.py": 25, "contract/test_contract.py": 25, "contract/test_loader.py": 20,
    "persistence": 25, "services": 20, "runtime/web": 40, "domain": 12,
}  # fmt: skip
FOR_EACH_TEST = 0.1
OUTCOME = re.compile(r"(\d+) (passed|failed|error)s?\b")


def parts(folder: Path = HERE) -> Iterator[Path]:
    """What a share is made of."""
    for path in sorted(folder.iterdir()):
        if path in APART:
            yield from parts(path)
        elif path not in ELSEWHERE and _tests(path):
            yield path


def _tests(path: Path) -> int:
    files: Iterable[Path] = path.rglob("test_*.py") if path.is_dir() else [path] if path.match("test_*.py") else []
    return sum(file.read_text(encoding="utf-8").count("def test_") for file in files)


def _seconds(part: Path) -> float:
    return SECONDS.get(part.relative_to(HERE).as_posix(), FOR_EACH_TEST * _tests(part))


def shares(count: int) -> list[list[Path]]:
    """So many of about the same length: each part, the longest first, goes to the share that is the shortest."""
    made: list[list[Path]] = [[] for _ in range(count)]
    for part in sorted(parts(), key=_seconds, reverse=True):
        min(made, key=lambda share: sum(map(_seconds, share))).append(part)
    return [sorted(share) for share in made]


def run(arguments: Iterable[str | Path]) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", *map(str, arguments)]
    done = subprocess.run(command, cwd=HERE.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def everything() -> int:
    count = (os.cpu_count() or 1) + 1
    counts, worst = Counter[str](), 0

    def tell(code: int, output: str) -> None:
        nonlocal worst
        sys.stdout.write(output)
        sys.stdout.flush()
        counts.update({outcome: int(number) for number, outcome in OUTCOME.findall(output.splitlines()[-1])})
        worst = max(worst, code)

    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(count) as pool:
        folder = Path(temporary)
        # A folder of its own for each: pytest would close the shared one to the user that PostgreSQL runs as.
        running = [
            pool.submit(run, (f"--basetemp={folder / str(number)}", f"{KEEP}={folder}", *share))
            for number, share in enumerate(shares(count))
        ]
        for share in as_completed(running):
            tell(*share.result())
        tell(*run((f"--basetemp={folder / 'judged'}", f"{JUDGE}={folder}", JUDGES)))
    sys.stdout.write(f"\n{counts['passed']} passed, {counts['failed'] + counts['error']} failed\n")
    return worst


def main(arguments: list[str]) -> int:
    if arguments:
        return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=HERE.parent, check=False).returncode
    return everything()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
