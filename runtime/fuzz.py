"""The configuration of Schemathesis, from the contract: which business refusals a valid request may meet."""

import json

from runtime.policy import Policy
from runtime.spec import Contract

BUSINESS = {400, 422}
# Schemathesis' own: what no valid request can rule out from outside.
ALWAYS_EXPECTED = ("2xx", "401", "403", "404", "409", "429", "5xx")
HEADER = """\
# Generated from the contract by `make spec`; read by `st run` and `make fuzz`.
# Every check is on. A valid request may be refused with 400 or 422 only where the operation documents such an error.
# BIORE_FUZZ_TOKEN holds an access token of a verified account. An operation whose success ends the caller's session has
# a caller of its own, BIORE_FUZZ_TOKEN_<OPERATION>, or everything after it would only see 401.

continue-on-failure = true
request-timeout = 20.0

[auth.openapi.bearerAuth]
bearer = "${BIORE_FUZZ_TOKEN}"

[generation]
mode = "all"
allow-x00 = false  # no text may hold U+0000, which OpenAPI cannot say

[phases.stateful]
max-steps = 8
"""


def configuration(contract: Contract) -> str:
    """The text of ``schemathesis.toml``."""
    exceptions = (_expected(policy) for policy in contract.policies.values())
    callers = (_own_caller(operation_id) for operation_id in leaving(contract))
    return HEADER + "".join([*filter(None, exceptions), *callers])


def leaving(contract: Contract) -> list[str]:
    """The operations that end the session of whoever calls them, with nothing but the session to prove."""
    return [
        policy.operation_id
        for policy in contract.policies.values()
        if policy.scope == "user"
        and "requestBody" not in contract.operation(policy.operation_id)
        and any("sessions" in e.what for e in policy.side_effects if e.kind == "write" and not e.conditional)
        and policy.path.partition("{")[1] == ""
    ]


def token_variable(operation_id: str) -> str:
    return f"BIORE_FUZZ_TOKEN_{operation_id.replace('.', '_').upper()}"


def _own_caller(operation_id: str) -> str:
    return f"""
[[operations]]
include-operation-id = "{operation_id}"
headers = {{ Authorization = "Bearer ${{{token_variable(operation_id)}}}" }}
"""


def _expected(policy: Policy) -> str:
    own = policy.own_codes | ({"idempotency.key_reused"} if policy.idempotent else set())
    statuses = sorted({policy.statuses[code] for code in own} & BUSINESS)
    if not statuses:
        return ""
    expected = json.dumps([*ALWAYS_EXPECTED, *map(str, statuses)])
    return f"""
[[operations]]
include-operation-id = "{policy.operation_id}"
checks.positive_data_acceptance.expected-statuses = {expected}
"""
