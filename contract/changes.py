"""What changed in the contract, and what breaks a caller: published versions compared, as the history has them."""

import contextlib
import hashlib
import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from contract.references import resolved
from domain.config_keys import Rate

Json = Any

PUBLISHED = "openapi/dist/openapi.json"
CACHE = ".biore/changelog.json"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# How a bound lets more through: by growing (+1) or by shrinking (-1).
BOUNDS = {
    "minLength": -1, "maxLength": 1, "minimum": -1, "maximum": 1, "minItems": -1, "maxItems": 1, "minProperties": -1,
    "maxProperties": 1,
}  # fmt: skip
# Of these only their presence can be compared.
RULES = ("pattern", "format", "multipleOf", "exclusiveMinimum", "exclusiveMaximum", "uniqueItems")
# Parameters that follow from extensions, which are told in their place.
FOLLOWING = ("Idempotency-Key", "If-Match", "If-None-Match")
WORDS = {
    "operation.added": "New operation.",
    "operation.removed": "The operation is gone.",
    "operation.moved": "Moved from {before} to {after}.",
    "operation.deprecated": "Deprecated.",
    "operation.restored": "No longer deprecated.",
    "token.required": "Needs an access token now.",
    "token.optional": "Needs no access token any more.",
    "scope.changed": "Scope {after}, was {before}.",
    "permission.changed": "Needs the permission {after}, was {before}.",
    "rate.tightened": "Limited to {after}, was {before}.",
    "rate.loosened": "Limited to {after}, was {before}.",
    "body.tightened": "The body may have {after} bytes, was {before}.",
    "body.loosened": "The body may have {after} bytes, was {before}.",
    "captcha.added": "Takes a captcha.",
    "captcha.removed": "Takes no captcha any more.",
    "cache.added": "An answer may be kept: {after}.",
    "cache.changed": "An answer may be kept: {after}, was {before}.",
    "cache.removed": "No answer may be kept any more.",
    "bare.added": "A success has no envelope any more.",
    "bare.removed": "A success has an envelope now.",
    "idempotency.added": "Takes Idempotency-Key.",
    "idempotency.removed": "Takes no Idempotency-Key any more.",
    "version.added": "Needs the version that was read, in If-Match.",
    "version.removed": "Needs no If-Match any more.",
    "body.added": "Takes a body.",
    "body.removed": "Takes no body any more.",
    "media.added": "{where} may be {after}.",
    "media.removed": "{where} is no longer {before}.",
    "field.added": "New field {where}.",
    "field.removed": "Field {where} is gone.",
    "required.added": "{where} is required.",
    "required.removed": "{where} is optional.",
    "nullable.added": "{where} may be null.",
    "nullable.removed": "{where} is never null.",
    "type.changed": "{where} is {after}, was {before}.",
    "enum.added": "{where} may be {after}.",
    "enum.removed": "{where} is no longer {before}.",
    "rule.tightened": "{where} is bound tighter: {after}, was {before}.",
    "rule.loosened": "{where} is bound looser: {after}, was {before}.",
    "rule.changed": "{where} has another rule: {after}, was {before}.",
    "variant.added": "{where} has a new form.",
    "variant.removed": "{where} has a form less.",
    "field.deprecated": "{where} is deprecated.",
    "status.added": "Answers {after}.",
    "status.removed": "Answers {before} no more.",
    "header.added": "The answer has a header {after}.",
    "header.removed": "The answer lacks the header {before}.",
    "error.added": "New error {after}.",
    "error.removed": "Error {before} is gone.",
    "error.moved": "Error {where} answers {after}, was {before}.",
}


@dataclass(frozen=True, slots=True)
class Change:
    """``operation``: its id. ``side``: ``request``, ``response`` or neither; ``where``: the field in it."""

    kind: str
    operation: str
    breaking: bool
    side: str = ""
    where: str = ""
    before: str = ""
    after: str = ""

    @property
    def text(self) -> str:
        where = f"`{self.where}`" if self.where else f"The {self.side}"
        return WORDS[self.kind].format(where=where, before=f"`{self.before}`", after=f"`{self.after}`")


@dataclass(frozen=True, slots=True)
class Revision:
    """One commit that changed the contract; ``subject`` is the first line of its message."""

    commit: str
    day: str
    version: str
    subject: str
    changes: tuple[Change, ...]

    @property
    def breaking(self) -> bool:
        return any(change.breaking for change in self.changes)


@dataclass(frozen=True, slots=True)
class Release:
    """What was published on one day under one version, the newest first."""

    day: str
    version: str
    revisions: tuple[Revision, ...]

    @property
    def breaking(self) -> bool:
        return any(revision.breaking for revision in self.revisions)


def compare(old: Json, new: Json) -> tuple[Change, ...]:
    """What a caller notices, by operation in the order of the newer contract, those that are gone last."""
    before, after = _operations(old), _operations(new)
    changes: list[Change] = []
    for name, place in after.items():
        if name not in before:
            changes.append(Change("operation.added", name, breaking=False))
        else:
            changes += _Comparison(name, _Reader(old), _Reader(new)).changes(before[name], place)
    changes += [Change("operation.removed", name, breaking=True) for name in before if name not in after]
    return tuple(dict.fromkeys(changes))


def _operations(document: Json) -> dict[str, tuple[str, Json]]:
    """operationId -> method and path, operation."""
    return {
        item[method]["operationId"]: (f"{method.upper()} {path}", item[method])
        for path, item in document.get("paths", {}).items()
        for method in METHODS
        if method in item
    }


class _Reader:
    def __init__(self, document: Json) -> None:
        self._document = document

    def resolved(self, node: Json) -> Json:
        return resolved(self._document, node)

    def parameters(self, operation: Json) -> dict[tuple[str, str], Json]:
        found = map(self.resolved, operation.get("parameters", ()))
        return {(parameter["in"], parameter["name"]): parameter for parameter in found}

    def answers(self, operation: Json) -> dict[str, Json]:
        """A 304 is told by the policy: whoever does not ask for it never gets one."""
        given = operation["responses"].items()
        return {status: self.resolved(answer) for status, answer in given if status < "400" and status != "304"}

    def codes(self, operation: Json) -> dict[str, str]:
        """Error code -> status."""
        refusals = {
            status: self.resolved(answer) for status, answer in operation["responses"].items() if status >= "400"
        }
        return {
            code: status
            for status, answer in refusals.items()
            for media in answer.get("content", {}).values()
            for code in media.get("examples", ())
        }


class _Comparison:
    """One operation in two versions. A request that takes less breaks a caller; so does an answer that may say more."""

    def __init__(self, name: str, old: _Reader, new: _Reader) -> None:
        self._name = name
        self._old = old
        self._new = new

    def changes(self, before: tuple[str, Json], after: tuple[str, Json]) -> Iterator[Change]:
        if before[0] != after[0]:
            yield self._told("operation.moved", True, before=before[0], after=after[0])
        old, new = before[1], after[1]
        yield from self._policy(old, new)
        yield from self._parameters(self._old.parameters(old), self._new.parameters(new))
        yield from self._body(self._old.resolved(old.get("requestBody")), self._new.resolved(new.get("requestBody")))
        yield from self._answers(self._old.answers(old), self._new.answers(new))
        yield from self._codes(self._old.codes(old), self._new.codes(new))

    def _told(self, kind: str, breaking: bool, side: str = "", where: str = "", **values: Json) -> Change:
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
        return Change(kind, self._name, breaking, side, where, **texts)

    def _switch(self, names: tuple[str, str], old: bool, new: bool, breaks: tuple[bool, bool]) -> Iterator[Change]:
        """``names`` and ``breaks``: of what appears, of what disappears."""
        if old != new:
            yield self._told(names[0] if new else names[1], breaks[0] if new else breaks[1])

    def _policy(self, old: Json, new: Json) -> Iterator[Change]:
        names = ("operation.deprecated", "operation.restored")
        yield from self._switch(names, old.get("deprecated", False), new.get("deprecated", False), (False, False))
        yield from self._switch(("token.required", "token.optional"), _secured(old), _secured(new), (True, False))
        scopes = old.get("x-biore-scope"), new.get("x-biore-scope")
        if None not in scopes and scopes[0] != scopes[1]:
            yield self._told("scope.changed", scopes[1] != "public", before=scopes[0], after=scopes[1])
        permissions = old.get("x-biore-permission"), new.get("x-biore-permission")
        if None not in permissions and permissions[0] != permissions[1]:
            yield self._told("permission.changed", True, before=permissions[0], after=permissions[1])
        yield from self._rate(old.get("x-biore-rate-limit"), new.get("x-biore-rate-limit"))
        yield from self._size(old.get("x-biore-body-limit"), new.get("x-biore-body-limit"))
        yield from self._kept(old.get("x-biore-cache"), new.get("x-biore-cache"))
        for key, breaks in (("captcha", (True, False)), ("bare", (True, True)), ("idempotency", (False, True))):
            flags = (old.get(f"x-biore-{key}", False), new.get(f"x-biore-{key}", False))
            yield from self._switch((f"{key}.added", f"{key}.removed"), *flags, breaks)
        yield from self._version(old, new)

    def _version(self, old: Json, new: Json) -> Iterator[Change]:
        taken = (_takes_version(self._old, old), _takes_version(self._new, new))
        yield from self._switch(("version.added", "version.removed"), *taken, (True, True))

    def _kept(self, old: Json, new: Json) -> Iterator[Change]:
        """What is older than before surprises nobody who reads the header, and who reads none keeps nothing."""
        if old is None and new is not None:
            yield self._told("cache.added", False, after=_seconds(new))
        elif new is None and old is not None:
            yield self._told("cache.removed", False)
        elif old != new:
            yield self._told("cache.changed", False, before=_seconds(old), after=_seconds(new))

    def _rate(self, old: str | None, new: str | None) -> Iterator[Change]:
        if old is None or new is None or old == new:
            return
        tighter = _tighter(new, old)
        kind = "rate.tightened" if tighter else "rate.loosened"
        yield self._told(kind, tighter, before=old, after=new)

    def _size(self, old: int | None, new: int | None) -> Iterator[Change]:
        if old is not None and new is not None and old != new:
            yield self._told("body.tightened" if new < old else "body.loosened", new < old, before=old, after=new)

    def _parameters(self, old: Mapping[tuple[str, str], Json], new: Mapping[tuple[str, str], Json]) -> Iterator[Change]:
        """Those that follow from the policy are told by it."""
        for key in dict.fromkeys((*new, *old)):
            where = key[1]
            if where in FOLLOWING:
                continue
            if key not in old:
                yield self._told("field.added", new[key].get("required", False), "request", where)
            elif key not in new:
                yield self._told("field.removed", True, "request", where)
            else:
                required = (old[key].get("required", False), new[key].get("required", False))
                yield from self._required(required, "request", where)
                yield from self._schema(old[key]["schema"], new[key]["schema"], "request", where)
                yield from self._clamp(old[key], new[key], where)

    def _clamp(self, old: Json, new: Json, where: str) -> Iterator[Change]:
        """Tighter is what moves a value that was taken as it is."""
        clamps = (old.get("x-biore-clamp"), new.get("x-biore-clamp"))
        if clamps[0] == clamps[1]:
            return
        before = clamps[0] or self._old.resolved(old["schema"])
        tighter = clamps[1] is not None and not _within(before, clamps[1])
        kind = "rule.tightened" if tighter else "rule.loosened"
        values = {"before": _any(clamps[0], "clamp"), "after": _any(clamps[1], "clamp")}
        yield self._told(kind, tighter, "request", where, **values)

    def _body(self, old: Json, new: Json) -> Iterator[Change]:
        if old is None or new is None:
            if new is not None:
                yield self._told("body.added", new.get("required", False), "request")
            elif old is not None:
                yield self._told("body.removed", True, "request")
            return
        yield from self._required((old.get("required", False), new.get("required", False)), "request", "")
        yield from self._media(old["content"], new["content"], "request")

    def _media(self, old: Json, new: Json, side: str) -> Iterator[Change]:
        for kind in dict.fromkeys((*new, *old)):
            if kind not in old:
                yield self._told("media.added", False, side, after=kind)
            elif kind not in new:
                yield self._told("media.removed", True, side, before=kind)
            else:
                yield from self._schema(old[kind].get("schema", {}), new[kind].get("schema", {}), side, "")

    def _answers(self, old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[Change]:
        for status in dict.fromkeys((*new, *old)):
            if status not in old:
                yield self._told("status.added", False, "response", after=status)
            elif status not in new:
                yield self._told("status.removed", True, "response", before=status)
            else:
                yield from self._media(old[status].get("content", {}), new[status].get("content", {}), "response")
                yield from self._headers(old[status].get("headers", {}), new[status].get("headers", {}))

    def _headers(self, old: Json, new: Json) -> Iterator[Change]:
        yield from (self._told("header.added", False, "response", after=name) for name in new if name not in old)
        yield from (self._told("header.removed", True, "response", before=name) for name in old if name not in new)

    def _codes(self, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
        for code in dict.fromkeys((*new, *old)):
            if code not in old:
                yield self._told("error.added", False, after=code)
            elif code not in new:
                yield self._told("error.removed", False, before=code)
            elif old[code] != new[code]:
                yield self._told("error.moved", True, where=code, before=old[code], after=new[code])

    def _required(self, flags: tuple[bool, bool], side: str, where: str) -> Iterator[Change]:
        if flags[0] != flags[1]:
            kind = "required.added" if flags[1] else "required.removed"
            yield self._told(kind, flags[1] == (side == "request"), side, where)

    def _schema(
        self, old: Json, new: Json, side: str, where: str, seen: frozenset[tuple[str, str]] = frozenset()
    ) -> Iterator[Change]:
        names = (old.get("$ref", ""), new.get("$ref", ""))
        if all(names) and names in seen:
            return
        seen = seen | {names}
        old, new = self._old.resolved(old), self._new.resolved(new)
        kinds = (_kind(old), _kind(new))
        if kinds[0] != kinds[1]:
            yield self._told("type.changed", True, side, where, before=kinds[0], after=kinds[1])
            return
        yield from self._values(old, new, side, where)
        yield from self._variants(old, new, side, where, seen)
        if "items" in old and "items" in new:
            yield from self._schema(old["items"], new["items"], side, f"{where}[]", seen)
        yield from self._fields(old, new, side, where, seen)

    def _values(self, old: Json, new: Json, side: str, where: str) -> Iterator[Change]:
        """What one value may be."""
        nullable = (old.get("nullable", False), new.get("nullable", False))
        if nullable[0] != nullable[1]:
            kind = "nullable.added" if nullable[1] else "nullable.removed"
            yield self._told(kind, nullable[1] == (side == "response"), side, where)
        if new.get("deprecated", False) and not old.get("deprecated", False):
            yield self._told("field.deprecated", False, side, where)
        yield from self._choices(old.get("enum"), new.get("enum"), side, where)
        for rule in (*BOUNDS, *RULES):
            yield from self._rule(rule, old.get(rule), new.get(rule), side, where)
        patterns = (_patterns(old), _patterns(new))
        for pattern in sorted(patterns[0] ^ patterns[1]):
            added = pattern in patterns[1]
            yield from self._rule("pattern", None if added else pattern, pattern if added else None, side, where)

    def _choices(self, old: Json, new: Json, side: str, where: str) -> Iterator[Change]:
        if old == new:
            return
        if old is None or new is None:
            tighter = old is None
            kind = "rule.tightened" if tighter else "rule.loosened"
            yield self._told(kind, tighter == (side == "request"), side, where, before=_any(old), after=_any(new))
            return
        added, removed = _joined(new, old), _joined(old, new)
        if added:
            yield self._told("enum.added", side == "response", side, where, after=added)
        if removed:
            yield self._told("enum.removed", side == "request", side, where, before=removed)

    def _rule(self, rule: str, old: Json, new: Json, side: str, where: str) -> Iterator[Change]:
        if old == new:
            return
        values = {"before": _any(old, rule), "after": _any(new, rule)}
        if old is not None and new is not None and rule not in BOUNDS:
            yield self._told("rule.changed", True, side, where, **values)
            return
        tighter = new is not None if old is None or new is None else (new - old) * BOUNDS[rule] < 0
        kind = "rule.tightened" if tighter else "rule.loosened"
        yield self._told(kind, tighter == (side == "request"), side, where, **values)

    def _variants(
        self, old: Json, new: Json, side: str, where: str, seen: frozenset[tuple[str, str]]
    ) -> Iterator[Change]:
        for key in ("oneOf", "anyOf"):
            one, other = _named(old.get(key, ())), _named(new.get(key, ()))
            for name in dict.fromkeys((*other, *one)):
                if name not in one:
                    yield self._told("variant.added", side == "response", side, where)
                elif name not in other:
                    yield self._told("variant.removed", side == "request", side, where)
                else:
                    yield from self._schema(one[name], other[name], side, where, seen)

    def _fields(
        self, old: Json, new: Json, side: str, where: str, seen: frozenset[tuple[str, str]]
    ) -> Iterator[Change]:
        one, other = old.get("properties", {}), new.get("properties", {})
        for name in dict.fromkeys((*other, *one)):
            path = f"{where}.{name}" if where else name
            required = (name in old.get("required", ()), name in new.get("required", ()))
            if name not in one:
                yield self._told("field.added", required[1] and side == "request", side, path)
            elif name not in other:
                yield self._told("field.removed", True, side, path)
            else:
                yield from self._required(required, side, path)
                yield from self._schema(one[name], other[name], side, path, seen)


def _secured(operation: Json) -> bool:
    ways = operation.get("security", [])
    return bool(ways) and {} not in ways


def _seconds(cache: Json) -> str:
    return ", ".join(f"{name} {seconds} s" for name, seconds in cache.items())


def _within(inner: Json, outer: Json) -> bool:
    """Whether whatever lies within the bounds of one lies within those of the other."""
    low, high = inner.get("minimum"), inner.get("maximum")
    return None not in (low, high) and outer["minimum"] <= low and high <= outer["maximum"]


def _takes_version(reader: _Reader, operation: Json) -> bool:
    return ("header", "If-Match") in reader.parameters(operation)


def _tighter(new: str, old: str) -> bool:
    """Fewer calls in a window, or fewer in the long run."""
    if "none" in (new, old):
        return old == "none"
    one, other = Rate.parse(new), Rate.parse(old)
    return one.limit < other.limit or one.limit * other.window < other.limit * one.window


def _kind(schema: Json) -> str:
    if "oneOf" in schema or "anyOf" in schema:
        return "one of several"
    return str(schema.get("type", "anything"))


def _patterns(schema: Json) -> set[str]:
    return {part["pattern"] for part in schema.get("allOf", ()) if "pattern" in part}


def _any(value: Json, rule: str = "") -> str:
    return "anything" if value is None else f"{rule} {value if isinstance(value, str) else json.dumps(value)}".strip()


def _joined(values: Iterable[Json], others: Json) -> str:
    """Those that the others lack."""
    return ", ".join(value if isinstance(value, str) else json.dumps(value) for value in values if value not in others)


def _named(variants: Iterable[Json]) -> dict[str, Json]:
    return {schema.get("$ref") or json.dumps(schema, sort_keys=True): schema for schema in variants}


def history(root: Path, cache: Path | None = None) -> tuple[Release, ...]:
    """The newest first; empty where there is no Git, no repository or no published contract in it.

    Comparisons are kept in ``cache``, by the content that was compared and by the rules of comparing.
    """
    commits = _commits(root)
    kept = _Cache(cache or root / CACHE)
    revisions = [_revision(root, kept, older, newer) for older, newer in zip([None, *commits], commits, strict=False)]
    kept.save()
    told = [revision for revision in reversed(revisions) if revision.changes]
    grouped = groupby(told, key=lambda revision: (revision.day, revision.version))
    return tuple(Release(day, version, tuple(found)) for (day, version), found in grouped)


@dataclass(frozen=True, slots=True)
class _Commit:
    commit: str
    blob: str
    day: str
    subject: str


def _commits(root: Path) -> list[_Commit]:
    """Those that changed the published contract, the oldest first; a merge counts as the one change that it is."""
    told = _git(root, "log", "--first-parent", "--reverse", "--format=%H%x00%cs%x00%s", "--", PUBLISHED)
    found = [line.split("\0") for line in told.decode(errors="replace").splitlines()]
    names = "".join(f"{commit}:{PUBLISHED}\n" for commit, _, _ in found).encode()
    blobs = _git(root, "cat-file", "--batch-check=%(objectname)", given=names).decode().splitlines()
    return [
        _Commit(commit, blob, day, subject)
        for (commit, day, subject), blob in zip(found, blobs, strict=False)
        if re.fullmatch("[0-9a-f]+", blob)  # where it was deleted there is none
    ]


def _git(root: Path, *words: str, given: bytes = b"") -> bytes:
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        return subprocess.run(["git", "-C", root, *words], input=given, capture_output=True, check=True).stdout
    return b""


class _Cache:
    """What is no longer asked for is forgotten."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._rules = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
        self._known: dict[str, Json] = {}
        self.asked: dict[str, Json] = {}
        with contextlib.suppress(OSError, ValueError):
            stored = json.loads(file.read_bytes())
            self._known = stored["compared"] if stored["rules"] == self._rules else {}

    def get(self, key: str) -> Json:
        return self._known.get(key)

    def put(self, key: str, value: Json) -> None:
        self.asked[key] = value

    def save(self) -> None:
        """A folder that cannot be written to costs time, nothing else."""
        if self.asked == self._known:
            return
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_text(json.dumps({"rules": self._rules, "compared": self.asked}))


def _revision(root: Path, cache: _Cache, older: _Commit | None, newer: _Commit) -> Revision:
    key = f"{older.blob if older else ''}..{newer.blob}"
    found = cache.get(key)
    if found is None:
        new = _document(root, newer.blob)
        changes = compare(_document(root, older.blob) if older else {}, new)
        found = {"version": new["info"]["version"], "changes": [asdict(change) for change in changes]}
    cache.put(key, found)
    changes = tuple(Change(**change) for change in found["changes"])
    return Revision(newer.commit, newer.day, found["version"], newer.subject, changes)


@lru_cache(maxsize=2)  # each is the newer of one comparison and the older of the next
def _document(root: Path, blob: str) -> Json:
    return json.loads(_git(root, "cat-file", "blob", blob))
