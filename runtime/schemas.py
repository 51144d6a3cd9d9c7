"""Schemas of the contract, compiled once: what a value breaks, and how it is cleaned before it is asked."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonschema_rs
import orjson

from domain import email_address, texts

Violation = dict[str, Any]
Normalizer = Callable[[Any], Any]

OVERRIDE = "x-biore-rule"
STEPS = email_address.STEPS | texts.STEPS
ALTERNATIVES = ("oneOf", "anyOf")  # their limit is a list of what each alternative lacks


def modern(schema: Any) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema 2020-12: ``nullable`` becomes a type."""
    if isinstance(schema, list):
        return [modern(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    rewritten = {key: modern(value) for key, value in schema.items() if key != "nullable"}
    if schema.get("nullable") is True:
        rewritten["type"] = [rewritten["type"], "null"]
        if "enum" in rewritten and None not in rewritten["enum"]:
            rewritten["enum"] = [*rewritten["enum"], None]
    return rewritten


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from _references(inner)


class SchemaCompiler:
    """Compiles schemas that refer to the ``components`` of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._schemas = modern(document["components"]["schemas"])

    def validator(self, schema: Mapping[str, Any]) -> "Validator":
        root = modern(schema)
        needed: dict[str, Any] = {}
        self._gather(root, needed)
        return Validator({**root, "components": {"schemas": needed}})

    def _gather(self, node: Any, found: dict[str, Any]) -> None:
        """The components that a schema leads to, and no others: each compiled schema holds a copy of its own."""
        for reference in _references(node):
            name = reference.rpartition("/")[2]
            if name not in found:
                found[name] = self._schemas[name]
                self._gather(found[name], found)

    def normalizer(self, schema: Mapping[str, Any]) -> Normalizer | None:
        """Cleans a value as ``x-biore-normalize`` says, at any depth; None when there is nothing to clean.

        A whole number comes as one however it is written: 1.0 and 1e0 are integers too (JSON Schema 2020-12, 6.1.1).
        """
        schema = self.resolved(schema)
        if schema.get("type") == "integer":
            return _whole
        if "x-biore-normalize" in schema:
            return _text_normalizer([STEPS[step] for step in schema["x-biore-normalize"]])
        if "items" in schema:
            inner = self.normalizer(schema["items"])
            return (
                None if inner is None else lambda value: [inner(v) for v in value] if isinstance(value, list) else value
            )
        fields = {name: self.normalizer(part) for name, part in schema.get("properties", {}).items()}
        present = {name: clean for name, clean in fields.items() if clean is not None}
        return _object_normalizer(present) if present else None

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            kind, name = schema["$ref"].split("/")[2:]
            schema = self._document["components"][kind][name]
        return schema


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _text_normalizer(steps: list[Callable[[str], str]]) -> Normalizer:
    def clean(value: Any) -> Any:
        if isinstance(value, str):
            for step in steps:
                value = step(value)
        return value

    return clean


def _object_normalizer(fields: Mapping[str, Normalizer]) -> Normalizer:
    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            for name, inner in fields.items():
                if name in value:
                    value[name] = inner(value[name])
        return value

    return clean


class Validator:
    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._compiled = jsonschema_rs.Draft202012Validator(root, validate_formats=True)

    def accepts(self, value: Any) -> bool:
        return bool(self._compiled.is_valid(value))

    def violations(self, value: Any, prefix: str = "") -> list[Violation]:
        """One ``{field, rule, limit?}`` per broken rule. A value of the wrong type breaks that rule alone."""
        found = [v for error in self._compiled.iter_errors(value) for v in self._each(error, prefix)]
        if len(found) == 1:
            return found
        mistyped = {v["field"] for v in found if v["rule"] == "type"}
        return [v for v in found if v["rule"] == "type" or v["field"] not in mistyped]

    def _each(self, error: Any, prefix: str) -> Iterator[Violation]:
        # Each property of an error is made anew when it is read.
        path = [prefix, *map(str, error.instance_path)] if prefix else list(map(str, error.instance_path))
        kind = error.kind
        rule = kind.name
        if rule == "required":
            yield {"field": ".".join([*path, kind.property]), "rule": rule}
        elif rule == "additionalProperties":
            for name in kind.unexpected:
                yield {"field": ".".join([*path, name]), "rule": "unknown"}
        elif rule in ALTERNATIVES:
            yield {"field": ".".join(path), "rule": self._rule(error, rule)}
        else:
            yield {"field": ".".join(path), "rule": self._rule(error, rule), "limit": _shown(kind.value)}

    def _rule(self, error: Any, rule: str) -> str:
        node: Any = self._root
        for step in error.schema_path[:-1]:
            node = node[step]
        return str(node.get(OVERRIDE, rule)) if isinstance(node, Mapping) else rule


def _shown(limit: Any) -> Any:
    """As a person may read it: a list of values as in JSON, without quotes."""
    return ", ".join(orjson.dumps(item).decode().strip('"') for item in limit) if isinstance(limit, list) else limit
