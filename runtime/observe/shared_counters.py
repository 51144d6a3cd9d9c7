"""Numbers that the processes of one server count together, each in a file of its own that the others may read.

A row of floats is a slice of mapped memory, so that counting costs as much as it does in a list, and what a killed
process had counted is not lost. Its file is taken over by the next process of its kind, which counts on in it: no
number of the whole ever goes back, and there are never more files than there were processes at a time.

A file consists of pieces, a piece of entries: cells of the key, cells of the row, the key, the row; zeros end it.
"""

import errno
import fcntl
import itertools
import json
import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import structlog

Key: TypeAlias = tuple[str, ...]
Row: TypeAlias = "memoryview[float]"

CELL = 8
PIECE = 65536
PID, SEEN = range(2)
# Both cells: whose file it is now, and when it last said so (monotonic, which all processes of a machine share).
OWNER: Key = ("owner",)

log = structlog.get_logger(__name__)


class SharedCounters:
    """The rows of this process; of nobody else's concern without a ``folder``. Only one thread may count."""

    def __init__(self, folder: Path | None, role: str) -> None:
        self.folder = folder
        self.role = role
        self.rows: dict[Key, Row] = {}
        self._free: Row = _new(0)
        self._full = False
        self._file = self._claim()
        if self._file is not None:
            for piece in _pieces(self._file, mmap.ACCESS_WRITE):
                self.rows.update(_entries(piece))
                self._free = piece[_used(piece) :]
            self._free[:] = _new(len(self._free))  # in which an entry may have been begun by one that was killed
        self.row(OWNER, 2)[PID] = os.getpid()

    def row(self, key: Key, size: int) -> Row:
        """The row of that key, as it was left by whoever had this file before; all zeros if it is new."""
        found = self.rows.get(key)
        if found is None:
            found = self.rows[key] = self._made(key, size)
        return found

    def close(self) -> None:
        """What was counted stays; the file is free for the next process."""
        self.row(OWNER, 2)[SEEN] = 0
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)  # the mapped memory holds the file open, and with it the lock
            os.close(self._file)
            self._file = None

    def _claim(self) -> int | None:
        if self.folder is None:
            return None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            files = (_locked(self.folder / f"{self.role}-{number}") for number in itertools.count())
            return next(file for file in files if file is not None)
        except OSError as error:
            log.warning("metrics.not_shared", error=repr(error))
            return None

    def _made(self, key: Key, size: int) -> Row:
        name = json.dumps(key).encode()
        name += b" " * (-len(name) % CELL)
        cells = len(name) // CELL
        if len(self._free) < 2 + cells + size and not self._enlarge():
            return _new(size)
        entry, self._free = self._free[: 2 + cells + size], self._free[2 + cells + size :]
        entry[2 : 2 + cells] = memoryview(name).cast("d")
        entry[1] = size
        entry[0] = cells  # last, because from now on it is read
        return entry[2 + cells :]

    def _enlarge(self) -> bool:
        """Another piece. What finds no room on a full disk is counted for nobody to see; no request fails of it."""
        if self._file is None or self._full:
            return False
        try:
            self._free = _added(self._file)
        except OSError as error:
            self._full = True
            log.warning("metrics.not_shared", error=repr(error))
        return not self._full


@dataclass(frozen=True, slots=True)
class Counted:
    """What one process has counted; ``seen`` is when it last said that it lives, 0 after its end."""

    name: str
    role: str
    pid: int
    seen: float
    rows: dict[Key, Row]


def counted(counters: SharedCounters) -> list[Counted]:
    """This process's numbers and those of all that share its folder, ended ones too."""
    if counters.folder is None:
        return [_counted(f"{counters.role}-0", dict(counters.rows))]
    found = [(path.name, _read(path)) for path in sorted(counters.folder.glob("*-*"))]
    return [_counted(name, rows) for name, rows in found if OWNER in rows]


def forget(folder: Path) -> None:
    """Remove what ended processes counted. Files in use stay."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*-*"):
        if (file := _locked(path)) is not None:
            path.unlink()
            os.close(file)


def _counted(name: str, rows: dict[Key, Row]) -> Counted:
    owner = rows[OWNER]
    return Counted(name, name.rpartition("-")[0], int(owner[PID]), owner[SEEN], rows)


def _locked(path: Path) -> int | None:
    """The open file, or None if it is in use. The system opens the lock when the process ends, however it ends."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        return None
    return file


def _read(path: Path) -> dict[Key, Row]:
    file = os.open(path, os.O_RDONLY)
    try:
        return {key: row for piece in _pieces(file, mmap.ACCESS_READ) for key, row in _entries(piece)}
    finally:
        os.close(file)


def _pieces(file: int, access: int) -> Iterator[Row]:
    for start in range(0, os.fstat(file).st_size // PIECE * PIECE, PIECE):
        yield _mapped(file, start, access)


def _spans(piece: Row) -> Iterator[tuple[int, int, int]]:
    """Where the key of each entry begins, its row begins, and its row ends."""
    at = 0
    while at < len(piece) and piece[at]:
        row = at + 2 + int(piece[at])
        end = row + int(piece[at + 1])
        yield at + 2, row, end
        at = end


def _added(file: int) -> Row:
    """A new piece at the end of the file. Raises OSError when the disk has no room for it."""
    end = os.fstat(file).st_size // PIECE * PIECE
    # Written and not only mapped: a page that the disk has no room for would kill the process at its first use.
    if os.pwrite(file, bytes(PIECE), end) < PIECE:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return _mapped(file, end, mmap.ACCESS_WRITE)


def _entries(piece: Row) -> Iterator[tuple[Key, Row]]:
    for key, row, end in _spans(piece):
        yield tuple(json.loads(piece[key:row].tobytes())), piece[row:end]


def _used(piece: Row) -> int:
    return max((end for _, _, end in _spans(piece)), default=0)


def _mapped(file: int, start: int, access: int) -> Row:
    return memoryview(mmap.mmap(file, PIECE, access=access, offset=start)).cast("d")


def _new(size: int) -> Row:
    return memoryview(bytearray(CELL * size)).cast("B").cast("d")
