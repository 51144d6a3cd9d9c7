"""Schemas of the contract as TypeScript types, as Prettier would set them."""

from collections.abc import Iterator, Mapping
from typing import Any

from contract.unions import merged
from portal.samples.javascript import WIDTH, key
from portal.samples.literals import TABLE, literal

Json = Any
SCALARS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}


class Shapes:
    """Names the types that it meets; ``declarations`` has them, each after those that it refers to."""

    def __init__(self, components: Mapping[str, Json]) -> None:
        self._schemas = components["schemas"]
        self._open: set[str] = set()
        self.declarations: dict[str, str] = {}

    def of(self, schema: Json, margin: str = "", *, request: bool = False, before: int = 0) -> str:
        """``before``: how many characters stand before it in its line; ``request``: without what is deprecated."""
        if "$ref" in schema:
            return self._referred(schema["$ref"].rpartition("/")[2], margin, request, before)
        options = list(dict.fromkeys(self._options(schema, margin, request)))
        line = " | ".join(options)
        if len(options) == 1 or len(margin) + before + len(line) < WIDTH:
            return line
        alone = f"\n{margin}  {line}"
        return alone if len(alone) <= WIDTH else "".join(f"\n{margin}  | {option}" for option in options)

    def declare(self, name: str, schema: Json, *, request: bool = False) -> None:
        start = f"type {name} ="
        written = self.of(schema, request=request, before=len(start) + 1)
        self.declarations[name] = start + ("" if written.startswith("\n") else " ") + written + ";\n"

    def _referred(self, name: str, margin: str, request: bool, before: int) -> str:
        # Of objects of several kinds one type with the fields of all: a sample sends one of them.
        schema = merged({"components": {"schemas": self._schemas}}, self._schemas[name])
        if not ("properties" in schema or "oneOf" in schema):
            return self.of(schema, margin, request=request, before=before)
        if name not in self.declarations and name not in self._open:
            self._open.add(name)
            self.declare(name, schema, request=request)
        return name

    def _options(self, schema: Json, margin: str, request: bool) -> Iterator[str]:
        if "enum" in schema:
            yield from (literal(TABLE, "javascript.body", value) for value in schema["enum"])
        elif "oneOf" in schema or "anyOf" in schema:
            for option in schema.get("oneOf") or schema["anyOf"]:
                yield self.of(option, margin, request=request)
        else:
            yield self._plain(schema, margin, request)
        if schema.get("nullable"):
            yield "null"

    def _plain(self, schema: Json, margin: str, request: bool) -> str:
        kind = schema.get("type")
        if kind in SCALARS:
            return SCALARS[kind]
        if kind == "array":
            item = self.of(schema["items"], margin, request=request)
            return f"({item})[]" if " | " in item and not item.endswith("}") else f"{item}[]"
        if "properties" in schema:
            return self._object(schema, margin, request)
        if kind == "object":
            more = schema.get("additionalProperties")
            return f"Record<string, {self.of(more, margin, request=request) if isinstance(more, dict) else 'unknown'}>"
        wholes = [self.of(part, margin, request=request) for part in schema.get("allOf", ())]
        return " & ".join(whole for whole in wholes if whole != "unknown") or "unknown"

    def _object(self, schema: Json, margin: str, request: bool) -> str:
        inner = f"{margin}  "
        lines = []
        for name, value in schema["properties"].items():
            resolved = self._schemas[value["$ref"].rpartition("/")[2]] if "$ref" in value else value
            if request and resolved.get("deprecated"):
                continue
            start = f"{inner}{key(name)}{'' if name in schema.get('required', ()) else '?'}:"
            written = self.of(value, inner, request=request, before=len(start) - len(inner) + 2)
            lines.append(start + ("" if written.startswith("\n") else " ") + written + ";\n")
        return f"{{\n{''.join(lines)}{margin}}}"
