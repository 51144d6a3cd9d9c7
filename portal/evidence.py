"""What was proven of each operation, and on which state of the code. Written by tests and ``biore portal verify``."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portal.samples import LANGUAGES

DEFAULT = Path(".biore") / "evidence.json"
FORMAT = 1
SAMPLES = tuple(LANGUAGES)

Json = Any
Facet = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Count:
    """``proven`` of ``total``."""

    proven: int
    total: int


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing. ``kind`` is a key of words, ``what`` a name of the contract; ``detail`` is for the command line.

    Kinds: evidence (absent, stale or failed), handler, example, answer, code, message, effect, table, topic, sample.
    """

    kind: str
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Badge:
    """``commit`` and ``date`` are of the run behind the evidence; ``changed``: the files differed from the commit."""

    verified: bool
    commit: str = ""
    changed: bool = False
    date: str = ""
    codes: Count = Count(0, 0)
    effects: Count = Count(0, 0)
    samples: Count = Count(0, 0)
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said; one-time secrets are masked."""

    status: int
    body: Json

    @property
    def code(self) -> str | None:
        error = self.body.get("error") if isinstance(self.body, dict) else None
        return str(error["code"]) if error else None


@dataclass(frozen=True, slots=True)
class Proof:
    """``effects``: the tables, topics and actions that were seen; ``samples``: language -> how it was tried."""

    answers: tuple[Answer, ...] = ()
    effects: frozenset[str] = frozenset()
    samples: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Evidence:
    """``tree`` is the digest of the files that it holds for; empty where there is no evidence."""

    tree: str = ""
    commit: str = ""
    changed: bool = False
    date: str = ""
    failures: tuple[str, ...] = ()
    proofs: Mapping[str, Proof] = field(default_factory=dict)
    verdicts: Mapping[str, Badge] = field(default_factory=dict)
    stale: bool = False

    @classmethod
    def load(cls, path: Path = DEFAULT, tree: str | None = None) -> "Evidence":
        """What the file holds; nothing when there is none. Evidence of another state than ``tree`` is stale."""
        if not path.exists():
            return cls()
        return cls.read(json.loads(path.read_text(encoding="utf-8")), tree)

    @classmethod
    def read(cls, content: Mapping[str, Json], tree: str | None = None) -> "Evidence":
        if content.get("format") != FORMAT:
            return cls()
        return cls(
            tree=content["tree"],
            commit=content["commit"],
            changed=content["changed"],
            date=content["date"],
            failures=tuple(content["failures"]),
            proofs={name: _proof(proof) for name, proof in content["operations"].items()},
            verdicts={name: _badge(badge) for name, badge in content.get("verdicts", {}).items()},
            stale=tree is not None and tree != content["tree"],
        )

    def proof(self, operation_id: str) -> Proof:
        return self.proofs.get(operation_id, Proof())

    def badge(self, operation_id: str) -> Badge:
        """The verdict of ``biore portal verify``; unverified where there is none for this state of the code."""
        if not self.tree or operation_id not in self.verdicts:
            return Badge(False, gaps=(Gap("evidence", "absent"),))
        if self.stale:
            return Badge(False, self.commit, self.changed, self.date, gaps=(Gap("evidence", "stale"),))
        return self.verdicts[operation_id]


def facets(value: Json, path: str = "") -> Iterator[Facet]:
    """The shape of a value: the type at each path; objects with their keys, all items of a list at one path."""
    if isinstance(value, dict):
        yield path, f"object {{{', '.join(sorted(value))}}}"
        for key, inner in value.items():
            yield from facets(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        yield path, "array"
        for inner in value:
            yield from facets(inner, f"{path}[]")
    else:
        yield path, _TYPES[type(value)]


_TYPES = {type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string"}


def deviations(documented: Json, live: tuple[Json, ...]) -> tuple[str, ...]:
    """Where a documented example has a shape that no live answer had."""
    seen: dict[str, set[str]] = {}
    for answer in live:
        for path, kind in facets(answer):
            seen.setdefault(path, set()).add(kind)
    told = (
        f"{path or 'the whole'}: documented {kind}, live {' or '.join(sorted(seen.get(path, ()))) or 'nothing'}"
        for path, kind in facets(documented)
        if kind not in seen.get(path, ())
    )
    return tuple(dict.fromkeys(told))


def _proof(content: Mapping[str, Json]) -> Proof:
    answers = tuple(Answer(answer["status"], answer["body"]) for answer in content.get("answers", ()))
    return Proof(answers, frozenset(content.get("effects", ())), content.get("samples", {}))


def _badge(content: Mapping[str, Json]) -> Badge:
    counts = {name: Count(*content[name]) for name in ("codes", "effects", "samples")}
    gaps = tuple(Gap(**gap) for gap in content["gaps"])
    return Badge(content["verified"], content["commit"], content["changed"], content["date"], gaps=gaps, **counts)
