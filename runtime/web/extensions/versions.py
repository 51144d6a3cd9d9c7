"""Versions of rows on the wire: ``If-Match`` becomes ``expected_version``, the version of an answer its ``ETag``."""

from collections.abc import Mapping
from typing import Any

from contract.names import argument_name
from contract.policy import MOVED_ON, ContractError, Policy
from contract.versioning import FIELD, IF_MATCH
from domain.errors import ApiError
from runtime.web.call import Call

GIVEN = argument_name(IF_MATCH)
EXPECTED = "expected_version"

Headers = list[tuple[bytes, bytes]]


def expect(call: Call) -> None:
    """Once the request is valid. Raises ApiError precondition.required."""
    text = call.arguments.pop(GIVEN)
    if text is None:
        raise ApiError("precondition.required")
    call.arguments[EXPECTED] = int(text[1:-1])


def arguments(policy: Policy, names: set[str], asked: set[str]) -> set[str]:
    """What a handler may take for its parameters. Raises ContractError for one that would ignore the version."""
    if policy.versioned is None or not policy.versioned.taken:
        return names
    if EXPECTED not in asked:
        raise ContractError(f"{policy.operation_id}: x-biore-versioned: the handler must take {EXPECTED}")
    return names - {GIVEN} | {EXPECTED}


def of_data(policy: Policy, data: Any) -> Headers:
    """The header of a success."""
    told = policy.versioned is not None and policy.versioned.told
    return tag(data[FIELD]) if told else []


def of_envelope(policy: Policy, envelope: Mapping[str, Any]) -> Headers:
    """The header of a whole answer, of which only the body was kept."""
    if envelope["success"]:
        return of_data(policy, envelope["data"])
    error = envelope["error"]
    return tag(error["i18nVars"][FIELD]) if error["code"] == MOVED_ON else []


def tag(version: int) -> Headers:
    return [(b"etag", b'"%d"' % version)]
