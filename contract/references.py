"""Where a ``$ref`` of the bundled contract leads. All have one form: ``#/components/<group>/<name>``."""

from collections.abc import Iterator, Mapping
from typing import Any

SCHEMAS = "#/components/schemas/"


def resolved(document: Mapping[str, Any], node: Any) -> Any:
    """What ``node`` stands for: itself, or what its reference leads to in the end."""
    while isinstance(node, Mapping) and "$ref" in node:
        group, name = node["$ref"].split("/")[2:]
        node = document["components"][group][name]
    return node


def schemas_used(schemas: Mapping[str, Any], node: Any) -> dict[str, Any]:
    """The schemas that ``node`` refers to, directly or through others, by name."""
    found: dict[str, Any] = {}
    waiting = [node]
    while waiting:
        for name in _names(waiting.pop()):
            if name not in found:
                found[name] = schemas[name]
                waiting.append(schemas[name])
    return found


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith(SCHEMAS):
            yield reference.removeprefix(SCHEMAS)
        node = node.values()
    elif not isinstance(node, list | tuple):
        return
    for inner in node:
        yield from _names(inner)
