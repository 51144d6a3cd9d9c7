"""All tests but those of the browser, in processes side by side, one more than there are cores, because tests wait:
`python -m tests.everything`.

What handlers/ and contract/ reach is counted by the last test of contract/, so these stay in one process.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

HERE = Path(__file__).parent
# The longest first, so that the processes end at about the same time.
SHARES = {
    "http": ("tests/handlers", "tests/contract"),
    "processes": ("tests/processes",),
    "fuzz": ("tests/fuzz",),
}
ELSEWHERE = ("tests/browser",)  # make test-browser
APART = tuple(f"--ignore={path}" for paths in (*SHARES.values(), ELSEWHERE) for path in paths)
OUTCOME = re.compile(r"(\d+) (passed|failed|error)s?\b")


def run(name: str, arguments: tuple[str, ...], folder: Path) -> tuple[int, str]:
    # A folder of its own for each: pytest would close the shared one to the user that PostgreSQL runs as.
    command = [sys.executable, "-m", "pytest", f"--basetemp={folder / name}", *arguments]
    done = subprocess.run(command, cwd=HERE.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def main() -> int:
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:
        shares = SHARES | {"rest": APART}
        running = [pool.submit(run, name, arguments, Path(temporary)) for name, arguments in shares.items()]
        counts, worst = Counter[str](), 0
        for share in as_completed(running):
            code, output = share.result()
            sys.stdout.write(output)
            sys.stdout.flush()
            counts.update({outcome: int(number) for number, outcome in OUTCOME.findall(output.splitlines()[-1])})
            worst = max(worst, code)
    sys.stdout.write(f"\n{counts['passed']} passed, {counts['failed'] + counts['error']} failed\n")
    return worst


if __name__ == "__main__":
    sys.exit(main())
