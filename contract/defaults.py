"""What follows from the words of an operation, so that nobody types it: its section, its security, hints for clients.

A value that is typed although it follows is refused: it could only become wrong.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from contract.policy import SCOPES, ContractError, captcha_fields

Json = dict[str, Any]

BODY_OF_JSON = ("requestBody", "content", "application/json", "schema")
CLIENT = "x-biore-client"
COMMON = "schemas/common.yaml#"
# What a field of a captcha is, by its place among them: the name, then the former name.
CAPTCHA_SCHEMAS = (f"{COMMON}/CaptchaToken", f"{COMMON}/DeprecatedCaptchaToken")


def filled(path: str, method: str, operation: Mapping[str, Any]) -> Json:
    """The operation with what follows from its id, its scope and its path. Raises ContractError."""
    where = f"{method.upper()} {path}"
    if not isinstance(operation.get("operationId"), str):
        raise ContractError(f"{where}: missing operationId")
    tags = [operation["operationId"].partition(".")[0]]
    complete = _placed(operation, "tags", tags, where, before="summary")
    if operation.get("x-biore-scope") in SCOPES:  # else the policy refuses it
        security = SCOPES[operation["x-biore-scope"]][0]
        if "security" not in operation or operation["security"] == security:
            complete = _placed(complete, "security", [dict(way) for way in security], where, before="x-biore-scope")
    return _with_hints(path, complete, where)


def _placed(operation: Mapping[str, Any], key: str, value: Any, where: str, *, before: str) -> Json:
    if key in operation:
        raise ContractError(f"{where}: {key} follows by itself; take it out")
    placed: Json = {}
    for name, given in operation.items():
        if name == before:
            placed[key] = value
        placed[name] = given
    return placed | {key: value}


def _with_hints(path: str, operation: Json, where: str) -> Json:
    """A key is the path without what a caller fills in, where the operation names no other."""
    given = operation.get(CLIENT, {})
    if not isinstance(given, dict):
        raise ContractError(f"{where}: {CLIENT} takes queryKey and staleTime")
    key = [step for step in path.strip("/").split("/") if not step.startswith("{")]
    if given.get("queryKey") == key:
        raise ContractError(f"{where}: queryKey follows by itself; take it out")
    hints = {"queryKey": key, "staleTime": 0} | given
    if CLIENT in operation:
        return operation | {CLIENT: hints}
    return _after(operation, "x-biore-side-effects", CLIENT, hints)


def _after(operation: Json, anchor: str, key: str, value: Any) -> Json:
    placed: Json = {}
    for name, given in operation.items():
        placed[name] = given
        if name == anchor:
            placed[key] = value
    return placed | {key: value}


def captcha(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and schema of each field that the captcha adds to the body."""
    return zip(captcha_fields(f"{method.upper()} {path}", operation), CAPTCHA_SCHEMAS, strict=False)


def body_schema(operation: Mapping[str, Any]) -> str | None:
    """The component that the body of an operation is, None where it is none."""
    node: Any = operation
    for step in (*BODY_OF_JSON, "$ref"):
        node = node.get(step) if isinstance(node, dict) else None
    return str(node) if node is not None else None
