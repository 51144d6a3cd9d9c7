"""What the success of an operation is on the wire: its status, its media type, the schema of its body.

With ``x-biore-bare`` that is the answer itself, of any media type, as feeds and files for other programs need it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from contract.policy import MEDIA_TYPE, ContractError, Policy, require
from contract.references import resolved

Json = Mapping[str, Any]

KEY = "x-biore-bare"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Success:
    """``schema`` is that of the whole body, its envelope included; ``bare``: it has none."""

    status: int
    media_type: str
    schema: Json
    bare: bool

    @property
    def is_json(self) -> bool:
        return is_json(self.media_type)


def fixed_headers(operation: Json) -> dict[str, str]:
    """Those of its success that an operation declares with one value, which every such answer has."""
    declared = operation["responses"][str(success_of(operation).status)].get("headers", {})
    required = {name: header.get("schema", {}) for name, header in declared.items() if header.get("required")}
    return {name: schema["enum"][0] for name, schema in required.items() if len(schema.get("enum", ())) == 1}


def is_json(media_type: str) -> bool:
    return media_type == JSON or media_type.endswith("+json")


def success_of(operation: Json) -> Success:
    """The first success of an operation as the loader leaves it."""
    status = min(status for status in operation["responses"] if status.startswith("2"))
    ((media_type, media),) = operation["responses"][status]["content"].items()
    return Success(int(status), media_type, media["schema"], operation.get(KEY, False))


def compiled(policy: Policy, document: Json, operation: Json) -> Policy:
    """The policy with whether a success has no envelope. Raises ContractError."""
    where = f"{policy.method.upper()} {policy.path}: "
    contents = [answer.get("content") for status, answer in operation["responses"].items() if status.startswith("2")]
    given = operation.get(KEY, False)
    require(isinstance(given, bool), f"{where}{KEY} must be true, or left out")
    if not given:
        for other in {media_type for content in contents for media_type in content or ()} - {JSON}:
            raise ContractError(f"{where}answers {other}, which has no envelope: say {KEY}: true")
        return policy
    require(policy.method == "get", f"{where}{KEY} is for GET only")
    require(not policy.idempotent, f"{where}{KEY} has no use for x-biore-idempotency; take one of the two out")
    for content in contents:
        require(content is not None and len(content) == 1, f"{where}{KEY} needs one media type in each success")
        for media_type, media in (content or {}).items():
            _require_plain(f"{where}{KEY}: {media_type}", media_type, resolved(document, media.get("schema", {})))
    return replace(policy, bare=True)


def _require_plain(where: str, media_type: str, schema: Json) -> None:
    named = MEDIA_TYPE.fullmatch(media_type) is not None
    require(named, f"{where} must be one media type in lower case, without parameters")
    text = is_json(media_type) or schema.get("type") == "string"
    require(text, f"{where} is text on the wire, so its schema has the type string")
