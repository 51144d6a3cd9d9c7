"""All tests, in two processes side by side, one for each core: `python -m tests.everything`.

What handlers/ and contract/ reach is counted by the last test of contract/, so these stay in one process.
"""

import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
HTTP = ("tests/handlers", "tests/contract")
OUTCOME = re.compile(r"(\d+) (passed|failed|error)s?\b")


def start(name: str, arguments: tuple[str, ...], folder: Path) -> subprocess.Popen[str]:
    # A folder of its own for each: pytest would close the shared one to the user that PostgreSQL runs as.
    command = [sys.executable, "-m", "pytest", f"--basetemp={folder / name}", *arguments]
    with (folder / f"{name}.log").open("w") as log:
        return subprocess.Popen(command, cwd=HERE.parent, stdout=log, stderr=log, text=True)


def main() -> int:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shares = {
            "http": start("http", HTTP, folder),
            "rest": start("rest", tuple(f"--ignore={path}" for path in HTTP), folder),
        }
        codes = {name: process.wait() for name, process in shares.items()}
        outputs = [(folder / f"{name}.log").read_text() for name in shares]
    counts: Counter[str] = Counter()
    for output in outputs:
        sys.stdout.write(output)
        counts.update({outcome: int(number) for number, outcome in OUTCOME.findall(output.splitlines()[-1])})
    sys.stdout.write(f"\n{counts['passed']} passed, {counts['failed'] + counts['error']} failed\n")
    return max(codes.values())


if __name__ == "__main__":
    sys.exit(main())
