"""Building the portal, and knowing whether what is there was made from the same."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from contract import loader as spec
from contract.lint import checked
from portal import build, model
from portal.build import MARK, Options
from portal.evidence import DEFAULT, Evidence
from portal.progress import Tell, kept, nobody
from proof.checkout import NoCheckout
from proof.evidence import ROOMS, stamp
from proof.sources import find_sources

EVIDENCE = spec.ROOT / DEFAULT

# What the pages are made from: the contract, words, the portal, and the code and tests whose lines they tell.
MADE_FROM = (*ROOMS, "locales", "openapi", "tests/handlers")
KINDS = {".py", ".yaml", ".json", ".html", ".js", ".css", ".svg", ".md", ".txt"}


def publish(out: Path, options: Options, tell: Tell = nobody, *, if_stale: bool = False) -> bool:
    """Build the portal into ``out`` and note what it was made from. Raises ContractError.

    Whether that was needed: with ``if_stale`` it is not where the same is there, perhaps by now, from another process.
    """
    with kept(out, tell) as keeping:
        if if_stale and is_current(out, options):
            return False
        keeping("reading the contract and the code", 0, 0)
        made_from, contract = digest(options), checked()
        proven = replace(options, sources=find_sources(contract), evidence=_evidence())
        build.build(model.read(contract), out, proven, keeping)
        (out / MARK).write_text(made_from)
        return True


def _evidence() -> Evidence | None:
    """What was proven of exactly these files; an installed package proves nothing."""
    try:
        return Evidence.load(EVIDENCE, stamp().tree)
    except NoCheckout:
        return None


def is_current(out: Path, options: Options) -> bool:
    mark = out / MARK
    return mark.is_file() and mark.read_text() == digest(options)


def digest(options: Options) -> str:
    """Of everything that a build reads."""
    found = sha256(repr(replace(options, processes=1)).encode())
    if options.theme is not None:
        found.update(options.theme.read_bytes())
    for path in _sources():
        found.update(f"{path.relative_to(spec.ROOT)}\0".encode())
        found.update(sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _sources() -> Iterator[Path]:
    if EVIDENCE.is_file():
        yield EVIDENCE
    for room in MADE_FROM:
        yield from sorted(path for path in (spec.ROOT / room).rglob("*") if path.suffix in KINDS)
