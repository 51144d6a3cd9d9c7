"""``x-biore-raw-body``: bodies that are no JSON. A form, whose fields are those of a schema, or bytes as they come."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from contract.policy import FORM_TYPE, ContractError
from contract.references import resolved

RAW_BODY = "x-biore-raw-body"
FORM = "form"
ESCAPED = 12  # bytes: four of UTF-8, each as %XX
AROUND = 2  # "=" and "&"
SCALARS = {"boolean": 5, "integer": 32, "number": 32}

Schema = Mapping[str, Any]


def is_form(operation: Mapping[str, Any]) -> bool:
    return bool(operation.get(RAW_BODY) == FORM)


def form_fields(document: Schema, operation: Mapping[str, Any], where: str) -> Mapping[str, Schema]:
    """The schemas of the fields. Raises ContractError for what a form cannot hold."""
    body = resolved(document, operation["requestBody"])
    schema = resolved(document, body["content"][FORM_TYPE]["schema"])
    fields = {name: resolved(document, part) for name, part in schema.get("properties", {}).items()}
    if schema.get("type") != "object" or not fields:
        raise ContractError(f"{where}: a form is an object with fields")
    for name, field in fields.items():
        inner = resolved(document, field.get("items", {})) if field.get("type") == "array" else field
        if inner.get("type") not in ("string", *SCALARS) or field.get("nullable"):
            raise ContractError(f"{where}: {name}: a form holds texts, numbers, booleans and lists of them")
    return fields


def form_bytes(document: Schema, fields: Mapping[str, Schema]) -> int:
    """What the largest form takes, every character escaped. Its parts have bounds."""
    total = 0
    for name, field in fields.items():
        times, inner = 1, field
        if field["type"] == "array":
            times, inner = int(field["maxItems"]), resolved(document, field["items"])
        total += times * (len(name) * ESCAPED + AROUND + _value_bytes(inner))
    return total


def _value_bytes(field: Schema) -> int:
    if "enum" in field:
        return max(len(str(value)) for value in field["enum"]) * ESCAPED
    longest = field.get("maxLength", 36) if field["type"] == "string" else SCALARS[field["type"]]
    return int(longest) * ESCAPED


def encoded(example: Any) -> str:
    """A form as it is sent; other bodies are texts already."""
    if not isinstance(example, Mapping):
        return str(example)
    return urlencode({name: _listed(value) for name, value in example.items()}, doseq=True)


def _listed(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in values]
