"""Makes `.venv` and installs one lock and this project into it, and says how far it is:
`python3 requirements/install.py run .venv`.

It needs nothing but the standard library, because it runs before anything else is there.
"""

import re
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOLDS = {"run": "for the server", "dev": "for the server, tests and checks"}
PIN = re.compile(r"^[\w.-]+==", re.MULTILINE)
LOOKED_AT = re.compile(r"^(?:Collecting|Requirement already satisfied:) ", re.MULTILINE)
VERSION = ".".join(map(str, sys.version_info[:3]))
TICK_SECONDS = 1.0
WIDTH = 78


class Stage:
    """A line that a terminal sees grow; without one, a line at the beginning and one at the end."""

    def __init__(self, words: str) -> None:
        self._words = words
        self._began = time.monotonic()
        self._live = sys.stdout.isatty()
        self._write(f"{words} ..." if self._live else f"{words} ...\n")

    def show(self, detail: str = "") -> None:
        if self._live:
            self._write(f"\r{f'{self._words}: {detail}{self._seconds}':<{WIDTH}}")

    def end(self) -> None:
        line = f"{self._words}: done in {self._seconds}"
        self._write(f"\r{line:<{WIDTH}}\n" if self._live else f"{line}\n")

    @property
    def _seconds(self) -> str:
        return f"{time.monotonic() - self._began:.0f} s"

    @staticmethod
    def _write(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


def main(lock: str, folder: str) -> None:
    file = ROOT / "requirements" / f"{lock}.txt"
    count = len(PIN.findall(file.read_text()))
    python = Path(folder, "bin", "python")
    stage = Stage(f"[1/3] Making {folder} with Python {VERSION}")
    if _version_of(Path(folder)) != VERSION:
        venv.create(folder, clear=True, with_pip=True, symlinks=True)
    stage.end()
    stage = Stage(f"[2/3] Installing {count} packages {HOLDS[lock]}")
    _pip(python, ["--require-hashes", "--requirement", str(file)], lambda said: stage.show(_how_far(said, count)))
    stage.end()
    stage = Stage("[3/3] Installing BIO.RE itself")
    _pip(python, ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)], lambda _: stage.show())
    stage.end()


def _version_of(folder: Path) -> str | None:
    """Of the Python that an environment was made with; None where there is none."""
    about = folder / "pyvenv.cfg"
    found = re.search(r"^version = (.+)$", about.read_text(), re.MULTILINE) if about.is_file() else None
    return found[1] if found else None


def _how_far(said: str, count: int) -> str:
    """pip first looks at each package and downloads it, then installs all of them."""
    if "\nInstalling collected packages" in said:
        return "unpacking, "
    return f"{len(LOOKED_AT.findall(said))} of {count} fetched, "


def _pip(python: Path, arguments: list[str], show: Callable[[str], None]) -> None:
    """Exits with what pip said when it fails. What is never imported need not be compiled."""
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-compile", *arguments]
    said: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        reader = threading.Thread(target=lambda: said.extend(process.stdout or ()))
        reader.start()
        while reader.is_alive():
            reader.join(TICK_SECONDS)
            show("".join(said))
    if process.returncode:
        sys.exit(f"\n{''.join(said[-20:])}\npip failed; what it said last stands above.")


if __name__ == "__main__":
    main(*sys.argv[1:])
