"""Keeps the evidence that tests leave, stamped with the state of the code that it was taken from."""

import hashlib
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contract.loader import ROOT
from portal.evidence import FORMAT, Facet, facets
from proof.checkout import NoCheckout

Json = dict[str, Any]

ROOMS = (
    "contract", "domain", "handlers", "jobs", "persistence", "portal", "proof", "providers", "runtime", "services",
)  # fmt: skip
# What decides about what a test sees, and the tests themselves.
TREE = (*ROOMS, "locales", "openapi", "tests", "pyproject.toml")
SECRET = re.compile(r"token|secret|code|challengeId|qr|otpauth|^(text|html)$", re.IGNORECASE)
SHOWN = 120


@dataclass(frozen=True, slots=True)
class Stamp:
    """``tree``: a digest of the files that git tracks or would track; ``changed``: they differ from the commit."""

    tree: str
    commit: str
    changed: bool


def stamp(root: Path = ROOT) -> Stamp:
    """Raises NoCheckout."""
    names = sorted(
        name for name in _git(root, "ls-files", "-zco", "--exclude-standard", "--", *TREE).split("\0") if name
    )
    digest = hashlib.sha256()
    for name in dict.fromkeys(names):
        file = root / name
        if file.is_file():
            digest.update(f"{name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    changed = bool(_git(root, "status", "--porcelain", "--", *TREE))
    return Stamp(digest.hexdigest(), _git(root, "rev-parse", "--short=12", "HEAD").strip(), changed)


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoCheckout(f"{root} is no git checkout with a commit, so nobody can tell what evidence is of") from error
    return done.stdout.decode()


@dataclass
class Recorded:
    """What one run of tests saw. Answers are kept while they show something new: a code with its words, a shape."""

    operations: dict[str, Json] = field(default_factory=dict)
    passed: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    _seen: set[tuple[str, int, str | Facet]] = field(default_factory=set)

    def answer(self, operation_id: str, status: int, body: Any) -> None:
        error = body.get("error") if isinstance(body, dict) else None
        signs: set[str | Facet] = {_sign(error)} if error else set(facets(body))
        new = {(operation_id, status, sign) for sign in signs} - self._seen
        if new:
            self._seen |= new
            kept = masked(body) if error is None else body
            self._of(operation_id).setdefault("answers", []).append({"status": status, "body": kept})

    def effects(self, operation_id: str, seen: set[str]) -> None:
        known = self._of(operation_id).setdefault("effects", [])
        known.extend(sorted(seen - set(known)))

    def sample(self, operation_id: str, language: str, how: str) -> None:
        self._of(operation_id).setdefault("samples", {})[language] = how

    def _of(self, operation_id: str) -> Json:
        return self.operations.setdefault(operation_id, {})


def _sign(error: Mapping[str, Any]) -> str:
    """Words with variables in them are new each time."""
    return str(error["code"]) if error.get("i18nVars") else f"{error['code']}: {error['message']}"


def masked(value: Any, name: str = "") -> Any:
    """The value with each character of what may be a secret replaced by one of its kind, so that its shape stays."""
    if isinstance(value, dict):
        return {key: masked(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner, name) for inner in value]
    return _masked(value) if isinstance(value, str) and SECRET.search(name) else value


def _masked(text: str) -> str:
    hidden = re.sub("[a-z]", "a", re.sub("[A-Z]", "A", re.sub("[0-9]", "2", text)))
    return hidden if len(hidden) <= SHOWN else hidden[:SHOWN] + "…"


def merge(path: Path, of: Stamp, recorded: Recorded) -> None:
    """Add to the evidence of the same tree; evidence of another one is replaced. A verdict holds no longer."""
    with _locked(path) as content:
        same = content.get("format") == FORMAT and content.get("tree") == of.tree
        operations = content["operations"] if same else {}
        for name, proof in recorded.operations.items():
            operations[name] = _merged(operations.get(name, {}), proof)
        failures = set(content["failures"]) if same else set()
        content.clear()
        content.update(
            format=FORMAT,
            tree=of.tree,
            commit=of.commit,
            changed=of.changed,
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            failures=sorted((failures - recorded.passed) | recorded.failed),
            operations=dict(sorted(operations.items())),
        )


def _merged(old: Json, new: Json) -> Json:
    answers = [*new.get("answers", ()), *old.get("answers", ())]
    again = Recorded()
    for answer in answers:
        again.answer("", answer["status"], answer["body"])
    kept = again.operations.get("", {}).get("answers", [])
    effects = sorted({*old.get("effects", ()), *new.get("effects", ())})
    return {"answers": kept, "effects": effects, "samples": {**old.get("samples", {}), **new.get("samples", {})}}


def judge(path: Path, of: Stamp, verdicts: Mapping[str, Json]) -> None:
    """Write down what became of the evidence, unless other evidence took its place meanwhile."""
    with _locked(path) as content:
        if content.get("tree") == of.tree:
            content["verdicts"] = dict(verdicts)


@contextmanager
def _locked(path: Path) -> Iterator[Json]:
    """The content of the file, written back at the end; several runs of tests may end at once."""
    import fcntl  # not everywhere, and the command starts without

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        yield content
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        draft.replace(path)
