"""The configuration of Schemathesis, from the contract: which business refusals a valid request may meet."""

import json

from contract.loader import Contract
from contract.policy import Policy

BUSINESS = {400, 422}
PRECONDITION = 412
# A call without `If-Match` is refused with a status of its own, once the rest of it is valid.
MISSING = ("400", "401", "403", "404", "406", "422", "428")
REJECTED = ("400", "401", "403", "404", "405", "406", "409", "415", "422", "428", "429", "5xx")
# Schemathesis' own: what no valid request can rule out from outside.
ALWAYS_EXPECTED = ("2xx", "401", "403", "404", "409", "429", "5xx")
HEADER = """\
# Generated from the contract by `make spec`; read by `st run` and `make fuzz`.
# Every check is on, of every operation.
# A valid request may be refused with 400 or 422 only where the operation documents such an error.
# BIORE_FUZZ_TOKEN holds an access token of a verified account.

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
    kinds = (_expected, _versioned, _narrow)
    exceptions = (kind(policy) for policy in contract.policies.values() for kind in kinds)
    return HEADER + "".join(filter(None, exceptions))


def _expected(policy: Policy) -> str:
    own = policy.own_codes | ({"idempotency.key_reused"} if policy.idempotent else set())
    own |= {policy.cursor.error} if policy.cursor else set()
    moved = {PRECONDITION} & set(policy.statuses.values())  # nobody can guess a version
    statuses = sorted(({policy.statuses[code] for code in own} & BUSINESS) | moved)
    if not statuses:
        return ""
    known = ["304"] if policy.cache else []
    expected = json.dumps([*ALWAYS_EXPECTED, *known, *map(str, statuses)])
    lines = (
        "\n[[operations]]",
        f'include-operation-id = "{policy.operation_id}"',
        f"checks.positive_data_acceptance.expected-statuses = {expected}\n",
    )
    return "\n".join(lines)


def _narrow(policy: Policy) -> str:
    """Whatever else is wrong with it, a body that is too large is refused first."""
    if not policy.narrow:
        return ""
    checks = {"positive_data_acceptance": ALWAYS_EXPECTED, "negative_data_rejection": REJECTED}
    lines = (
        "\n[[operations]]",
        f'include-operation-id = "{policy.operation_id}"',
        *(f"checks.{name}.expected-statuses = {json.dumps([*known, '413'])}" for name, known in checks.items()),
    )
    return "\n".join(lines) + "\n"


def _versioned(policy: Policy) -> str:
    if policy.versioned is None or not policy.versioned.taken:
        return ""
    lines = (
        "\n[[operations]]",
        f'include-operation-id = "{policy.operation_id}"',
        f"checks.missing_required_header.expected-statuses = {json.dumps(MISSING)}\n",
    )
    return "\n".join(lines)
