"""How far a build is, for whoever waits for its pages: told to who started it, and kept in a file beside their folder.

Whoever builds holds a lock on that file, which is gone with its process: a build that was killed is not waited for, and
two of one folder go one after the other.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TypeAlias

try:
    import fcntl
except ImportError:  # Windows, where nobody is kept out
    fcntl = None  # type: ignore[assignment]

TICK_SECONDS = 0.2


@dataclass(frozen=True)
class Progress:
    """``done`` of ``total`` things of this ``stage``, where they can be counted; the build ``began`` at a Unix time."""

    stage: str
    done: int
    total: int
    began: float


Tell: TypeAlias = Callable[[str, int, int], None]
"""Called with the stage, and how many of how many things of it are done."""


def nobody(_stage: str, _done: int, _total: int) -> None:
    """For who does not want to know."""


def read(folder: Path) -> Progress | None:
    """Of the build of a folder that is under way; None where there is none."""
    try:
        with _file(folder).open("rb") as file:
            if _is_free(file):
                return None
            return Progress(**json.loads(file.read()))
    except (OSError, ValueError, TypeError):  # not begun, or just being written
        return None


@contextmanager
def kept(folder: Path, tell: Tell = nobody) -> Iterator[Tell]:
    """Waits for whoever builds the folder. What the block tells is handed on, and kept for ``read``."""
    file = _file(folder)
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as kept_in:  # never emptied before it is ours
        if fcntl is not None:
            fcntl.flock(kept_in, fcntl.LOCK_EX)
        try:
            yield _Keeper(kept_in, tell)
        finally:
            kept_in.truncate(0)


class _Keeper:
    def __init__(self, file: IO[bytes], tell: Tell) -> None:
        self._file = file
        self._tell = tell
        self._began = time.time()
        self._stage = ""
        self._written = 0.0

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        self._tell(stage, done, total)
        now = time.time()
        if stage == self._stage and now - self._written < TICK_SECONDS:
            return
        self._stage, self._written = stage, now
        text = json.dumps(asdict(Progress(stage, done, total, self._began))).encode()
        os.pwrite(self._file.fileno(), text, 0)
        os.ftruncate(self._file.fileno(), len(text))


def _is_free(file: IO[bytes]) -> bool:
    """Whether nobody holds the lock; it is given back at once."""
    if fcntl is None:
        return False
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return True
    return False


def _file(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.progress"
