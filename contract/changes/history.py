"""The versions of the contract that were published, and what changed from each to the next.

``openapi/history/<version>.json`` is what a former version said, without what only people read. ``make spec`` puts it
there when ``info.version`` is raised, and when ``openapi/changes.yaml`` gives the present version a day: from then on
it is published, and its contract stays as it is. That file also has the notes that people write.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from contract.changes import Change, compare
from contract.loader import METHODS, OPENAPI, read_yaml
from contract.policy import ContractError

Json = Any

FOLDER = "history"
NOTES = "changes.yaml"
PRESENT = "dist/openapi.json"
SORTS = ("added", "changed", "removed")
SHARED_BY = 4
"""A change of so many operations is told once."""
# Nothing of them is compared. Names of members are kept, whatever they are.
TOLD_ONLY = frozenset(
    ("description", "example", "externalDocs", "x-biore-effects", "x-biore-managed-by", "x-biore-side-effects")
)
NAMES = frozenset(("properties", "schemas", "responses", "parameters", "headers", "requestBodies", "paths", "content"))
DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Note:
    """``day``: when the version was published, None before; ``text``: Markdown."""

    day: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """What changed in one operation: what was added, changed and removed."""

    operation: str
    title: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """One change of many operations, by their ids."""

    change: Change
    operations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Release:
    """``first``: nothing was published before it. ``operations``: how many it has."""

    version: str
    note: Note
    operations: int
    first: bool
    shared: tuple[Shared, ...] = ()
    sections: tuple[Section, ...] = ()

    @property
    def breaking(self) -> bool:
        alone = (change for section in self.sections for change in section.changes)
        return any(change.breaking for change in (*alone, *(one.change for one in self.shared)))


def history(document: Json, folder: Path = OPENAPI, part: Callable[[Json], Json] | None = None) -> tuple[Release, ...]:
    """The present version of ``document`` and all before it, the newest first. ``part``: what of each is told.

    Raises ContractError.
    """
    versions = [*_former(folder, document), document]
    versions = [part(version) for version in versions] if part else versions
    given = notes(folder)
    if strange := given.keys() - {version["info"]["version"] for version in versions}:
        raise ContractError(f"{folder / NOTES}: {', '.join(sorted(strange))} is no version that was published")
    releases = [
        _release(older, newer, given.get(newer["info"]["version"], Note()))
        for older, newer in zip([None, *versions], versions, strict=False)
    ]
    return tuple(reversed(releases))


def notes(folder: Path = OPENAPI) -> dict[str, Note]:
    """By version. Raises ContractError."""
    file = folder / NOTES
    found = read_yaml(file) if file.exists() else None
    return {str(version): _note(file, str(version), given or {}) for version, given in (found or {}).items()}


def _note(file: Path, version: str, given: Mapping[str, Json]) -> Note:
    if unknown := given.keys() - {"day", "note"}:
        raise ContractError(f"{file}: {version} has {', '.join(sorted(unknown))}; it takes `day` and `note`")
    day = None if given.get("day") is None else str(given["day"])
    if day is not None and not DAY.fullmatch(day):
        raise ContractError(f"{file}: {version}: {day} is no day; write it as 2026-01-31")
    return Note(day, given.get("note") or "")


def to_be_kept(document: Json, folder: Path = OPENAPI) -> dict[Path, bytes]:
    """Files that the history lacks: the version that ``document`` takes the place of, and its own once published."""
    present, found = folder / PRESENT, []
    former = json.loads(present.read_bytes()) if present.exists() else document
    if _number(former) < _number(document):
        found.append(former)
    if notes(folder).get(document["info"]["version"], Note()).day:
        found.append(document)
    return {file: _slim_bytes(one) for one in found if not (file := _file(folder, one)).exists()}


def since_published(document: Json, folder: Path = OPENAPI) -> tuple[Change, ...]:
    """What differs from the contract that was published under the same version."""
    file = _file(folder, document)
    return compare(json.loads(file.read_bytes()), document) if file.exists() else ()


def slim(node: Json, names: bool = False) -> Json:
    """``node`` without what only people read; ``names``: its keys are names, not keywords."""
    if isinstance(node, list):
        return [slim(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: dict.fromkeys(value, 0) if key == "examples" and not names else slim(value, key in NAMES and not names)
        for key, value in node.items()
        if names or key not in TOLD_ONLY
    }


def _file(folder: Path, document: Json) -> Path:
    return folder / FOLDER / f"{document['info']['version']}.json"


def _slim_bytes(document: Json) -> bytes:
    return json.dumps(slim(document), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _former(folder: Path, document: Json) -> list[Json]:
    """The oldest first."""
    found = [json.loads(file.read_bytes()) for file in (folder / FOLDER).glob("*.json")]
    return sorted((one for one in found if _number(one) < _number(document)), key=_number)


def _number(document: Json) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", document["info"]["version"])))


def _release(older: Json | None, newer: Json, note: Note) -> Release:
    titles = _titles(newer)
    start = (newer["info"]["version"], note, len(titles))
    if older is None:
        return Release(*start, first=True)
    changes = compare(older, newer)
    shared = _shared(changes)
    alone = [change for change in changes if _anybodys(change) not in shared]
    return Release(
        *start,
        first=False,
        shared=tuple(sorted((Shared(change, tuple(names)) for change, names in shared.items()), key=_by_sort)),
        sections=tuple(_sections(alone, _titles(older), titles)),
    )


def _titles(document: Json) -> dict[str, str]:
    """operationId -> what the operation is called."""
    found = (item[method] for item in document["paths"].values() for method in METHODS if method in item)
    return {operation["operationId"]: operation.get("summary", operation["operationId"]) for operation in found}


def _shared(changes: Iterable[Change]) -> dict[Change, list[str]]:
    """Changes of many operations -> which. That operations come and go is told of each."""
    found: dict[Change, list[str]] = {}
    for change in changes:
        if not change.kind.startswith("operation."):
            found.setdefault(_anybodys(change), []).append(change.operation)
    return {change: names for change, names in found.items() if len(names) >= SHARED_BY}


def _anybodys(change: Change) -> Change:
    return replace(change, operation="")


def _sections(changes: Iterable[Change], before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Section]:
    for name, found in groupby(changes, key=lambda change: change.operation):
        title = after.get(name) or before[name]
        yield Section(name, title, tuple(sorted(found, key=lambda change: SORTS.index(change.sort))))


def _by_sort(shared: Shared) -> int:
    return SORTS.index(shared.change.sort)
