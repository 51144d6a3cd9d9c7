"""What changed between two contracts, and what of it breaks a caller; ``telling.py`` has the words for it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contract.changes import telling
from contract.references import resolved
from domain.config_keys import Rate

Json = Any
Value = telling.Value

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# How a bound lets more through: by growing (+1) or by shrinking (-1).
BOUNDS = {
    "minLength": -1, "maxLength": 1, "minimum": -1, "maximum": 1, "minItems": -1, "maxItems": 1, "minProperties": -1,
    "maxProperties": 1,
}  # fmt: skip
# Of these only their presence can be compared.
RULES = ("pattern", "format", "multipleOf", "exclusiveMinimum", "exclusiveMaximum", "uniqueItems")
# Of whom a captcha is asked: of nobody, of who shows no token, of all.
CAPTCHAS = (False, "anonymous", True)
# Parameters that follow from extensions, which are told in their place.
FOLLOWING = ("Idempotency-Key", "If-Match", "If-None-Match")
RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class Change:
    """``operation``: its id. ``side``: ``request``, ``response``, where a parameter stands, or nothing.

    ``where``: the field or the parameter. ``rule``: the keyword that changed. ``before`` and ``after`` are None where
    there was or is none.
    """

    kind: str
    operation: str
    breaking: bool
    side: str = ""
    where: str = ""
    rule: str = ""
    before: Value = None
    after: Value = None

    @property
    def text(self) -> str:
        """One line for people, in Markdown; long values are not in it."""
        return telling.sentence(self)

    @property
    def folded(self) -> str:
        """The values that the text only counts, or nothing."""
        return telling.folded(self)

    @property
    def sort(self) -> str:
        """``added``, ``changed`` or ``removed``: what happened to what the operation offers."""
        return telling.sort(self.kind)


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

    def _told(
        self, kind: str, breaking: bool, side: str = "", where: str = "", *, rule: str = "", before: Value = None,
        after: Value = None,
    ) -> Change:  # fmt: skip
        return Change(kind, self._name, breaking, side, where, rule, before, after)

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
        asked = [CAPTCHAS.index(document.get("x-biore-captcha", False)) for document in (old, new)]
        fewer, more = asked[0] > asked[1], asked[0] < asked[1]
        yield from self._switch(("captcha.added", "captcha.removed"), fewer, more, (True, False))
        for key, breaks in (("bare", (True, True)), ("idempotency", (False, True))):
            flags = (old.get(f"x-biore-{key}", False), new.get(f"x-biore-{key}", False))
            yield from self._switch((f"{key}.added", f"{key}.removed"), *flags, breaks)
        yield from self._version(old, new)

    def _version(self, old: Json, new: Json) -> Iterator[Change]:
        taken = (_takes_version(self._old, old), _takes_version(self._new, new))
        yield from self._switch(("version.added", "version.removed"), *taken, (True, True))

    def _kept(self, old: Json, new: Json) -> Iterator[Change]:
        """What is older than before surprises nobody who reads the header, and who reads none keeps nothing."""
        if old is None and new is not None:
            yield self._told("cache.added", False, after=_kept(new))
        elif new is None and old is not None:
            yield self._told("cache.removed", False)
        elif old != new:
            yield self._told("cache.changed", False, before=_kept(old), after=_kept(new))

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
            place, where = key
            if where in FOLLOWING:
                continue
            if key not in old:
                yield self._told("field.added", new[key].get("required", False), place, where)
            elif key not in new:
                yield self._told("field.removed", True, place, where)
            else:
                required = (old[key].get("required", False), new[key].get("required", False))
                yield from self._required(required, place, where)
                yield from self._schema(old[key]["schema"], new[key]["schema"], place, where)
                yield from self._clamp(old[key], new[key], place, where)

    def _clamp(self, old: Json, new: Json, place: str, where: str) -> Iterator[Change]:
        """Tighter is what moves a value that was taken as it is."""
        clamps = (old.get("x-biore-clamp"), new.get("x-biore-clamp"))
        if clamps[0] == clamps[1]:
            return
        before = clamps[0] or self._old.resolved(old["schema"])
        tighter = clamps[1] is not None and not _within(before, clamps[1])
        kind = "rule.tightened" if tighter else "rule.loosened"
        yield self._told(kind, tighter, place, where, rule="clamp", before=_range(clamps[0]), after=_range(clamps[1]))

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
                yield self._told("status.added", False, RESPONSE, after=status)
            elif status not in new:
                yield self._told("status.removed", True, RESPONSE, before=status)
            else:
                yield from self._media(old[status].get("content", {}), new[status].get("content", {}), RESPONSE)
                yield from self._headers(old[status].get("headers", {}), new[status].get("headers", {}))

    def _headers(self, old: Json, new: Json) -> Iterator[Change]:
        yield from (self._told("header.added", False, RESPONSE, after=name) for name in new if name not in old)
        yield from (self._told("header.removed", True, RESPONSE, before=name) for name in old if name not in new)

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
            yield self._told(kind, flags[1] == (side != RESPONSE), side, where)

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
            yield self._told(kind, nullable[1] == (side == RESPONSE), side, where)
        if new.get("deprecated", False) and not old.get("deprecated", False):
            yield self._told("field.deprecated", False, side, where)
        yield from self._choices(old.get("enum"), new.get("enum"), side, where)
        for rule in (*BOUNDS, *RULES):
            yield from self._rule(rule, old.get(rule), new.get(rule), side, where)
        gone, come = _patterns(old) - _patterns(new), _patterns(new) - _patterns(old)
        yield from self._rule("pattern", _joined(gone), _joined(come), side, where)

    def _choices(self, old: Json, new: Json, side: str, where: str) -> Iterator[Change]:
        if old == new:
            return
        if old is None or new is None:
            tighter = old is None
            kind = "rule.tightened" if tighter else "rule.loosened"
            values = {"before": old and _values(old), "after": new and _values(new)}
            yield self._told(kind, tighter == (side != RESPONSE), side, where, rule="enum", **values)
            return
        added, removed = _values(new, old), _values(old, new)
        if added:
            yield self._told("enum.added", side == RESPONSE, side, where, after=added)
        if removed:
            yield self._told("enum.removed", side != RESPONSE, side, where, before=removed)

    def _rule(self, rule: str, old: Json, new: Json, side: str, where: str) -> Iterator[Change]:
        if old == new:
            return
        values = {"rule": rule, "before": old, "after": new}
        if old is not None and new is not None and rule not in BOUNDS:
            yield self._told("rule.changed", True, side, where, **values)
            return
        tighter = new is not None if old is None or new is None else (new - old) * BOUNDS[rule] < 0
        kind = "rule.tightened" if tighter else "rule.loosened"
        yield self._told(kind, tighter == (side != RESPONSE), side, where, **values)

    def _variants(
        self, old: Json, new: Json, side: str, where: str, seen: frozenset[tuple[str, str]]
    ) -> Iterator[Change]:
        for key in ("oneOf", "anyOf"):
            one, other = _named(old.get(key, ())), _named(new.get(key, ()))
            for name in dict.fromkeys((*other, *one)):
                if name not in one:
                    yield self._told("variant.added", side == RESPONSE, side, where, after=_component(name))
                elif name not in other:
                    yield self._told("variant.removed", side != RESPONSE, side, where, before=_component(name))
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
                yield self._told("field.added", required[1] and side != RESPONSE, side, path)
            elif name not in other:
                yield self._told("field.removed", True, side, path)
            else:
                yield from self._required(required, side, path)
                yield from self._schema(one[name], other[name], side, path, seen)


def _secured(operation: Json) -> bool:
    ways = operation.get("security", [])
    return bool(ways) and {} not in ways


def _kept(cache: Json) -> str:
    stale = f", and {cache['stale']} s longer while a new one is fetched" if "stale" in cache else ""
    browsers = ", by browsers, too" if cache.get("browsers") else ""
    version = f", and for ever where `{cache['version']}` is the current version" if "version" in cache else ""
    return f"{cache['shared']} s{stale}{browsers}{version}"


def _range(clamp: Json) -> str | None:
    return f"{clamp['minimum']} to {clamp['maximum']}" if clamp else None


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


def _joined(patterns: set[str]) -> str | None:
    return " ".join(sorted(patterns)) or None


def _values(values: Iterable[Json], others: Json = ()) -> tuple[str, ...]:
    """Those that the others lack, as text."""
    return tuple(value if isinstance(value, str) else json.dumps(value) for value in values if value not in others)


def _component(name: str) -> str | None:
    """What a variant is called, if it has a name."""
    return name.rpartition("/")[2] if name.startswith("#/") else None


def _named(variants: Iterable[Json]) -> dict[str, Json]:
    return {schema.get("$ref") or json.dumps(schema, sort_keys=True): schema for schema in variants}
