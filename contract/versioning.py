"""``x-biore-versioned``: rows that nobody overwrites unseen. What it adds to an operation, and what it asks of it.

The version is the field ``version`` of the answer's data: so each row of a list has its own, header and body cannot
differ, and no handler can forget to tell it, because the contract requires the field.
"""

from collections.abc import Callable, Mapping
from typing import Any

from contract.policy import ContractError, Policy
from contract.references import resolved

FIELD = "version"
IF_MATCH = "If-Match"

Json = dict[str, Any]
Common = Callable[[str], Json]


def expand(document: Mapping[str, Any], operation: Json, policy: Policy, common: Common) -> None:
    """Add the parameter and the header of an operation whose answers have no envelope yet. Raises ContractError."""
    versioned = policy.versioned
    where = f"{policy.method.upper()} {policy.path}"
    for given in operation.get("parameters", ()):
        if resolved(document, given)["name"] == IF_MATCH:
            raise ContractError(f"{where}: {IF_MATCH} follows from x-biore-versioned; take it out")
    if versioned is None:
        return
    if versioned.taken:
        operation.setdefault("parameters", []).append(common("parameters/IfMatch"))
    if versioned.told:
        for status, answer in operation["responses"].items():
            _require_version(document, answer, f"{where}: {status}")
            answer["headers"] = answer.get("headers", {}) | header(common)


def header(common: Common) -> Json:
    return {"ETag": common("headers/VersionTag")}


def _require_version(document: Mapping[str, Any], answer: Mapping[str, Any], where: str) -> None:
    media = answer.get("content", {}).get("application/json", {})
    data = resolved(document, media.get("schema", {}))
    field = resolved(document, data.get("properties", {}).get(FIELD, {}))
    if FIELD not in data.get("required", ()) or field.get("type") != "integer" or field.get("nullable"):
        raise ContractError(f"{where}: x-biore-versioned: its data needs `{FIELD}`, a required integer")
