"""The index for full-text search: the program pagefind reads the built pages and makes one index per language."""

import subprocess
import sys
from pathlib import Path

from contract.policy import ContractError


def index(folder: Path) -> None:
    """Write ``docs/pagefind/`` for the pages in ``folder``. Raises ContractError."""
    command = [
        sys.executable,
        "-m",
        "pagefind",
        "--site",
        str(folder),
        "--output-path",
        str(folder / "docs" / "pagefind"),
        "--glob",
        "{docs,*/docs}/**/*.html",
        "--exclude-selectors",
        ".anchor, pre, .languages-list",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ContractError(f"the search index was not made: {done.stderr.strip() or done.stdout.strip()}")
