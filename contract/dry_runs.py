"""``x-biore-dry-run``: what an operation would do, without any of it: what it adds to the published document."""

from collections.abc import Callable, Mapping
from typing import Any

from contract.policy import ContractError, Policy
from contract.references import resolved

PARAMETER = "dryRun"
FIELD = "dryRun"

Json = dict[str, Any]
Common = Callable[[str], Json]


def expand(document: Mapping[str, Any], operation: Json, policy: Policy, common: Common) -> None:
    """Add the parameter. Raises ContractError where somebody typed it."""
    for given in operation.get("parameters", ()):
        if resolved(document, given)["name"] == PARAMETER:
            where = f"{policy.method.upper()} {policy.path}"
            raise ContractError(f"{where}: {PARAMETER} follows from x-biore-dry-run; take it out")
    if policy.dry_run:
        operation.setdefault("parameters", []).append(common("parameters/DryRun"))


def envelope_field() -> Json:
    """Beside the data of a success."""
    told = "Nothing was stored: the call was a dry run."
    return {FIELD: {"type": "boolean", "enum": [True], "description": told}}
