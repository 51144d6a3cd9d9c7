"""A disk small enough to be filled: a tmpfs of its own, where this machine lets us mount one."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

MEGABYTES = 256
BLOCK = 4096


@dataclass
class Disk:
    """``refusal`` says why it cannot be filled; the folder then is an ordinary one."""

    folder: Path
    refusal: str | None
    _ballast: list[Path] = field(default_factory=list)

    def fill(self) -> None:
        """To the last block, however often it is called."""
        self._ballast.append(path := self.folder / f"ballast-{len(self._ballast)}")
        with path.open("wb", buffering=0) as file:
            for size in (1 << 20, BLOCK):
                _write_until_full(file.fileno(), bytes(size))

    def clear(self) -> None:
        while self._ballast:
            self._ballast.pop().unlink(missing_ok=True)


def _write_until_full(descriptor: int, block: bytes) -> None:
    try:
        while os.write(descriptor, block) == len(block):
            pass
    except OSError:
        return


@contextmanager
def small_disk() -> Iterator[Disk]:
    """A mount that goes with the block. Its path is short, because Unix sockets allow no long ones."""
    with tempfile.TemporaryDirectory(prefix="disk") as name:
        mounted = (
            subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=0755", "tmpfs", name],
                capture_output=True,
                text=True,
                check=False,
            )
            if os.name == "posix" and Path("/bin/mount").exists()
            else None
        )
        if mounted is None or mounted.returncode != 0:
            reason = mounted.stderr.partition("\n")[0] if mounted else "no mount command"
            yield Disk(Path(name), f"a small disk needs the right to mount one: {reason}")
            return
        try:
            yield Disk(Path(name), None)
        finally:
            subprocess.run(["umount", "--lazy", name], check=False)
