"""Building the portal, and knowing whether what is there was made from the same."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from portal import build, model
from portal.build import MARK, Options
from runtime import spec

# What the pages are made from: the contract, the words, the portal, and the code that they tell the lines of.
MADE_FROM = ("domain", "handlers", "jobs", "locales", "openapi", "persistence", "portal", "providers", "runtime")
KINDS = {".py", ".yaml", ".json", ".html", ".js", ".css", ".svg", ".md", ".txt"}


def publish(out: Path, options: Options) -> None:
    """Build the portal into ``out`` and note what it was made from. Raises ContractError."""
    stamp = digest(options)
    build.build(model.read(spec.load()), out, options)
    (out / MARK).write_text(stamp)


def is_current(out: Path, options: Options) -> bool:
    mark = out / MARK
    return mark.is_file() and mark.read_text() == digest(options)


def digest(options: Options) -> str:
    """Of everything that a build reads."""
    found = sha256(repr(replace(options, processes=1)).encode())
    for path in _sources():
        found.update(f"{path.relative_to(spec.ROOT)}\0".encode())
        found.update(sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _sources() -> Iterator[Path]:
    for room in MADE_FROM:
        yield from sorted(path for path in (spec.ROOT / room).rglob("*") if path.suffix in KINDS)
