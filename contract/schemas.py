"""Schemas of the contract, compiled once: what a value breaks, and how it is cleaned before it is asked."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import jsonschema_rs
import orjson

from contract.bounds import NORMALIZE, uncleaned
from contract.exact import exactly, is_exact, roughly
from contract.loader import MOST_VIOLATIONS
from contract.references import resolved, schemas_used
from contract.unions import field_of, kinds_of, merged
from domain import codes, email_address, texts
from domain.auth import passwords
from domain.clock import is_readable

Violation = dict[str, Any]
Normalizer = Callable[[Any], Any]

OVERRIDE = "x-biore-rule"
EXACT_PATTERN = "x-biore-pattern"
CHECK = "x-biore-check"
CUT = "cut"  # the step that needs to know the schema's maxLength
STEPS = email_address.STEPS | passwords.STEPS | texts.STEPS | codes.STEPS
CHECKS = passwords.CHECKS
SETTLING = ("type", "maxLength")
LONGEST_FIELD = 100
MOST_ERRORS = 4 * MOST_VIOLATIONS
ONE_OF = "oneOf"
ALTERNATIVES = (ONE_OF, "anyOf")  # their limit is a list of what each alternative lacks


def modern(schema: Any) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema 2020-12: ``nullable`` becomes a type, the exact pattern the pattern."""
    if isinstance(schema, list):
        return [modern(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    rewritten = {key: modern(value) for key, value in schema.items() if key != "nullable"}
    if EXACT_PATTERN in rewritten:
        rewritten["pattern"] = rewritten.pop(EXACT_PATTERN)
    if schema.get("nullable") is True:
        rewritten["type"] = [rewritten["type"], "null"]
        if "enum" in rewritten and None not in rewritten["enum"]:
            rewritten["enum"] = [*rewritten["enum"], None]
    return rewritten


def document_check(schema: dict[str, Any]) -> Callable[[Any], bool]:
    """Whether a whole document fits a schema of JSON Schema's fourth draft, the one of OpenAPI's own."""
    check: Callable[[Any], bool] = jsonschema_rs.Draft4Validator(schema).is_valid
    return check


class _Modern(Mapping[str, Any]):
    """Schemas by name, rewritten when they are asked for: of a whole contract one operation needs a few."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self._schemas = schemas
        self._rewritten: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._rewritten:
            self._rewritten[name] = modern(self._schemas[name])
        return self._rewritten[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._schemas)

    def __len__(self) -> int:
        return len(self._schemas)


class SchemaCompiler:
    """Compiles schemas that refer to the ``components`` of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._schemas = _Modern(document["components"]["schemas"])

    def validator(self, schema: Mapping[str, Any]) -> "Validator":
        """The schema with the components that it leads to alone: each compiled schema holds a copy of its own."""
        union = self.resolved(schema)
        if (field := field_of(union)) is not None:
            kinds = {kind: self._validator(part) for kind, part in self._kinds(union)}
            return UnionValidator(field, kinds, frozenset(merged(self._document, union)["properties"]))
        return self._validator(schema)

    def _validator(self, schema: Mapping[str, Any]) -> "Validator":
        root = modern(schema)
        return Validator({**root, "components": {"schemas": schemas_used(self._schemas, root)}})

    def normalizer(self, schema: Mapping[str, Any]) -> Normalizer | None:
        """Cleans a value as ``x-biore-normalize`` says, at any depth; None when there is nothing to clean.

        A whole number comes as one however it is written: 1.0 and 1e0 are integers too (JSON Schema 2020-12, 6.1.1).
        """
        schema = self.resolved(schema)
        if (field := field_of(schema)) is not None:
            return _by_kind(field, {kind: self.normalizer(part) for kind, part in self._kinds(schema)})
        if ONE_OF in schema:
            return _one_after_another([self.normalizer(part) for part in schema[ONE_OF]])
        if schema.get("type") == "integer":
            return _whole
        if schema.get("type") == "number":
            return exactly if is_exact(schema) else roughly
        if NORMALIZE in schema:
            return _text_normalizer(schema[NORMALIZE], schema["maxLength"])
        if "items" in schema:
            return _list_normalizer(self.normalizer(schema["items"]), schema.get("maxItems"))
        fields = {name: self.normalizer(part) for name, part in schema.get("properties", {}).items()}
        present = {name: clean for name, clean in fields.items() if clean is not None}
        closed = schema.get("additionalProperties") is False
        return _object_normalizer(present, frozenset(fields)) if closed or present else None

    def outline(self, schema: Mapping[str, Any]) -> Normalizer:
        """Leaves of a value what its schema can speak of: it breaks the same rules, and to tell them takes no longer
        than the schema is large. Each error copies what it is about, with all that a stranger put into it.
        """
        schema = self.resolved(schema)
        if (field := field_of(schema)) is not None:
            return _by_kind(field, {kind: self.outline(part) for kind, part in self._kinds(schema)})
        if ONE_OF in schema:
            return self._outline_of_one(schema[ONE_OF])
        if "items" in schema:
            return _list_outline(self.outline(schema["items"]))
        if "properties" not in schema:
            return _emptied
        return _object_outline({name: self.outline(part) for name, part in schema["properties"].items()})

    def _outline_of_one(self, parts: Sequence[Mapping[str, Any]]) -> Normalizer:
        """By its type a value belongs to one of the alternatives, or to none."""
        shaped: dict[str, type] = {"items": list, "properties": dict}
        kinds = {kind: part for part in parts for key, kind in shaped.items() if key in self.resolved(part)}
        outlines: dict[type, Normalizer] = {kind: self.outline(part) for kind, part in kinds.items()}
        return lambda value: outlines.get(type(value), _emptied)(value)

    def _kinds(self, schema: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
        return kinds_of(self._document, schema).items()

    def counts_digits(self, schema: Mapping[str, Any]) -> bool:
        """Whether a number in it is exact."""
        schema = self.resolved(schema)
        inner = [*schema.get("properties", {}).values(), *schema.get(ONE_OF, ())]
        inner += [schema["items"]] if "items" in schema else []
        return is_exact(schema) or any(self.counts_digits(part) for part in inner)

    def passwords(self, schema: Mapping[str, Any]) -> tuple[str, ...]:
        """The fields of an object that hold passwords."""
        properties = self.resolved(schema).get("properties", {})
        return tuple(name for name, part in properties.items() if self.resolved(part).get("format") == "password")

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = resolved(self._document, schema)
        return found


def _one_after_another(steps: Sequence[Normalizer | None]) -> Normalizer | None:
    """Each leaves values of another type as they are."""
    known = [step for step in steps if step is not None]

    def clean(value: Any) -> Any:
        for step in known:
            value = step(value)
        return value

    return clean if known else None


def _by_kind(field: str, steps: Mapping[str, Normalizer | None]) -> Normalizer:
    """What is of no kind that is known stays as it is: nothing but its kind is looked at."""

    def clean(value: Any) -> Any:
        kind = value.get(field) if isinstance(value, dict) else None
        step = steps.get(kind) if isinstance(kind, str) else None
        return value if step is None else step(value)

    return clean


def _whole(value: Any) -> Any:
    value = roughly(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _text_normalizer(names: Sequence[str], longest: int) -> Normalizer:
    """No step sees a text that is too long by far: some take a time that grows with the square of its length."""
    most = uncleaned(longest)
    steps = [STEPS[name] for name in names if name != CUT]

    def clean(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if len(value) > most:
            return value[: most + 1]  # breaks maxLength, whatever it holds
        for step in steps:
            value = step(value)
        return value

    def cut(value: Any) -> Any:
        return clean(value[:most])[:longest] if isinstance(value, str) else value

    return cut if CUT in names else clean


def _list_normalizer(inner: Normalizer | None, longest: int | None) -> Normalizer | None:
    """Of a list that is too long no more is kept than shows it."""
    if inner is None and longest is None:
        return None
    end = None if longest is None else longest + 1

    def clean(value: Any) -> Any:
        if not isinstance(value, list):
            return value
        kept = value[:end]
        return kept if inner is None else [inner(item) for item in kept]

    return clean


def _object_normalizer(fields: Mapping[str, Normalizer], known: frozenset[str]) -> Normalizer:
    """Of members that are not known no more are kept than are told of: each would take its time to be refused."""
    most = len(known) + MOST_VIOLATIONS + 1

    def clean(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if len(value) > most:
            value = _shortened(value, known)
        for name, inner in fields.items():
            if name in value:
                value[name] = inner(value[name])
        return value

    return clean


def _shortened(value: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    unknown = islice((name for name in value if name not in known), MOST_VIOLATIONS + 1)
    return {name: value[name] for name in (*(name for name in value if name in known), *unknown)}


def _emptied(value: Any) -> Any:
    """A list or an object where another type is wanted; of any other value nothing is lost."""
    return type(value)() if isinstance(value, (list, dict)) else value


def _list_outline(inner: Normalizer) -> Normalizer:
    return lambda value: [inner(item) for item in value] if isinstance(value, list) else _emptied(value)


def _object_outline(fields: Mapping[str, Normalizer]) -> Normalizer:
    def outlined(value: Any) -> Any:
        if not isinstance(value, dict):
            return _emptied(value)
        return {name: fields[name](inner) if name in fields else None for name, inner in value.items()}

    return outlined


class Check:
    """A keyword of ours for jsonschema-rs: a rule of the domain that no pattern can say."""

    def __init__(self, _schema: Any, name: str, _path: Any) -> None:
        self._breaks = CHECKS[name]

    def validate(self, value: Any) -> None:
        if isinstance(value, str) and self._breaks(value):
            raise ValueError


MOMENT = "date-time"
_is_moment_of_rfc_3339: Callable[[Any], bool] = jsonschema_rs.Draft202012Validator(
    {"type": "string", "format": MOMENT}, validate_formats=True
).is_valid


def is_moment(text: str) -> bool:
    """RFC 3339, and a moment that can be reckoned with: no sixtieth second, and within the years of the calendar.

    A small ``z`` is none: not every Python reads it.
    """
    return _is_moment_of_rfc_3339(text) and not text.endswith("z") and is_readable(text)


class Validator:
    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._compiled = jsonschema_rs.Draft202012Validator(
            root, validate_formats=True, formats={MOMENT: is_moment}, keywords={CHECK: Check}
        )

    def accepts(self, value: Any) -> bool:
        return bool(self._compiled.is_valid(value))

    def violations(self, value: Any, prefix: str = "") -> list[Violation]:
        """One ``{field, rule, limit?}`` per broken rule; of more than ``MOST_VIOLATIONS`` it may be any of them.

        A value of the wrong type breaks that rule alone, and so does a text that is longer than any may be uncleaned.
        """
        found: list[Violation] = []
        settled: set[str] = set()
        for error in islice(self._compiled.iter_errors(value), MOST_ERRORS):
            found += self._each(error, prefix)
            if _settles(error):
                settled.add(found[-1]["field"])
        return [v for v in found if v["rule"] in SETTLING or v["field"] not in settled] if settled else found

    def _each(self, error: Any, prefix: str) -> Iterator[Violation]:
        # Each property of an error is made anew when it is read.
        path = [prefix, *map(str, error.instance_path)] if prefix else list(map(str, error.instance_path))
        kind = error.kind
        rule = kind.name
        if rule == "required":
            yield {"field": ".".join([*path, kind.property]), "rule": rule}
        elif rule == "additionalProperties":
            for name in islice(kind.unexpected, MOST_VIOLATIONS + 1):
                yield {"field": ".".join([*path, name[:LONGEST_FIELD]]), "rule": "unknown"}
        elif rule == CHECK or rule in ALTERNATIVES:
            yield {"field": ".".join(path), "rule": self._rule(error, rule)}
        else:
            yield {"field": ".".join(path), "rule": self._rule(error, rule), "limit": _shown(kind.value)}

    def _rule(self, error: Any, rule: str) -> str:
        node: Any = self._root
        for step in error.schema_path[:-1]:
            node = node[step]
        own = CHECK if rule == CHECK else OVERRIDE
        return str(node.get(own, rule)) if isinstance(node, Mapping) else rule


class UnionValidator(Validator):
    """An object whose ``field`` tells by which schema it is judged; ``known`` are the fields of all of them."""

    def __init__(self, field: str, kinds: Mapping[str, Validator], known: frozenset[str]) -> None:
        self._field = field
        self._kinds = kinds
        self._known = known

    def accepts(self, value: Any) -> bool:
        kind = self._kind(value)
        return kind is not None and kind.accepts(value)

    def violations(self, value: Any, prefix: str = "") -> list[Violation]:
        """As ``Validator.violations``; of what is of no known kind that is told, and what none of them has."""
        kind = self._kind(value)
        if kind is not None:
            return kind.violations(value, prefix)
        if not isinstance(value, dict):
            return [{"field": prefix, "rule": "type", "limit": "object"}]
        above = f"{prefix}." if prefix else ""
        unknown = islice((name for name in value if name not in self._known), MOST_VIOLATIONS + 1)
        told = [{"field": f"{above}{name[:LONGEST_FIELD]}", "rule": "unknown"} for name in unknown]
        return [{"field": f"{above}{self._field}", **self._of_teller(value)}, *told]

    def _of_teller(self, value: Mapping[str, Any]) -> Violation:
        if self._field not in value:
            return {"rule": "required"}
        if not isinstance(value[self._field], str):
            return {"rule": "type", "limit": "string"}
        return {"rule": "enum", "limit": ", ".join(self._kinds)}

    def _kind(self, value: Any) -> Validator | None:
        told = value.get(self._field) if isinstance(value, dict) else None
        return self._kinds.get(told) if isinstance(told, str) else None


def _settles(error: Any) -> bool:
    """Whether nothing else is to be told of the value."""
    kind = error.kind
    too_long = kind.name == "maxLength" and len(error.instance) > uncleaned(kind.value)
    return kind.name == "type" or too_long


def _shown(limit: Any) -> Any:
    """As a person may read it: a list of values as in JSON, without quotes."""
    return ", ".join(orjson.dumps(item).decode().strip('"') for item in limit) if isinstance(limit, list) else limit
