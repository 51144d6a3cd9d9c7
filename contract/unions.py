"""Objects of one of several kinds: ``oneOf`` with a ``discriminator``, whose field tells which of them it is.

Only the rules of that kind are told, so that whoever sent a post is not refused for what a page lacks.
"""

from collections.abc import Mapping
from typing import Any

from contract.references import resolved

DISCRIMINATOR = "discriminator"

Json = Mapping[str, Any]


def field_of(schema: Json) -> str | None:
    """The field that tells the kind; None where a schema is no such union."""
    told = schema.get(DISCRIMINATOR)
    return str(told["propertyName"]) if told else None


def kinds_of(document: Json, schema: Json) -> dict[str, Json]:
    """The schema of each kind by the value of the field, in the order of the contract."""
    mapping: Mapping[str, str] = schema[DISCRIMINATOR]["mapping"]
    return {value: resolved(document, {"$ref": reference}) for value, reference in mapping.items()}


def like(document: Json, schema: Json, example: Any) -> Json:
    """The schema of the kind that ``example`` is of. What is no such union is itself."""
    schema = resolved(document, schema)
    teller = field_of(schema)
    return schema if teller is None else kinds_of(document, schema)[example[teller]]


def merged(document: Json, schema: Json) -> Json:
    """One object with the fields of all kinds, as a page shows it. What is no such union is itself.

    A field is required where it is so for every kind; of one that some kinds lack it is said whose it is.
    """
    schema = resolved(document, schema)
    teller = field_of(schema)
    if teller is None:
        return schema
    kinds = kinds_of(document, schema)
    properties: dict[str, Json] = {}
    for name in dict.fromkeys(name for kind in kinds.values() for name in kind["properties"]):
        holders = [value for value, kind in kinds.items() if name in kind["properties"]]
        part = resolved(document, kinds[holders[0]]["properties"][name])
        if name == teller:
            properties[name] = {**part, "enum": list(kinds)}
        elif len(holders) < len(kinds):
            owners = ", ".join(f"`{value}`" for value in holders)
            properties[name] = {**part, "description": f"{part.get('description', '')} Only for {owners}.".lstrip()}
        else:
            properties[name] = part
    required = set.intersection(*(set(kind.get("required", ())) for kind in kinds.values()))
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name in properties if name in required],
        "properties": properties,
    }
