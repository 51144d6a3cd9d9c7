"""Whom a contract is for: without what only staff may call, it is for those who call the API."""

from collections.abc import Iterator, Mapping
from typing import Any

from contract.references import schemas_used

Json = Any

SCOPE = "x-biore-scope"
STAFF = "admin"
"""The scope whose operations only accounts with a role may call."""


def for_everybody(document: Json) -> Json:
    """A contract without the operations of staff, and without the parts that nothing refers to then."""
    paths = dict(_paths(document["paths"]))
    if paths == document["paths"]:
        return document
    tags = {tag for item in paths.values() for operation in item.values() for tag in operation.get("tags", ())}
    grouped = document.get("x-tagGroups", ())
    groups = ({**group, "tags": [tag for tag in group["tags"] if tag in tags]} for group in grouped)
    whole = document | {
        "paths": paths,
        "tags": [tag for tag in document["tags"] if tag["name"] in tags],
        "x-tagGroups": [group for group in groups if group["tags"]],
    }
    return whole | {"components": _used(whole)}


def _paths(paths: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    for path, item in paths.items():
        kept = {method: operation for method, operation in item.items() if operation.get(SCOPE) != STAFF}
        if kept:
            yield path, kept


def _used(document: Json) -> Json:
    """Responses, then the schemas: whatever else there is says nothing of an operation."""
    components = document["components"]
    text = str(document["paths"])
    named = components.get("responses", {})
    responses = {name: one for name, one in named.items() if f"'#/components/responses/{name}'" in text}
    others = {group: members for group, members in components.items() if group not in ("responses", "schemas")}
    rest = [value for key, value in document.items() if key != "components"]
    schemas = schemas_used(components["schemas"], [rest, responses, others])
    ordered = {name: schema for name, schema in components["schemas"].items() if name in schemas}
    return components | {"responses": responses, "schemas": ordered}
